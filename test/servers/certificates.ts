import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key, as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a server and its clients need for TLS, made by `openssl` in a folder. */
export interface Certificates {
  /** The file with the certificate of the CA that has signed the others. */
  readonly ca: string;
  /** A CA that has signed none of them. */
  readonly otherCa: string;
  /** For `localhost` and `127.0.0.1`. */
  readonly server: Certificate;
  /** For `elsewhere.example`: another host than the one that shows it. */
  readonly elsewhere: Certificate;
  /** Of the user `order`. */
  readonly client: Certificate;
  /** Of the user `order`, signed by the other CA. */
  readonly forged: Certificate;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes certificates that are valid for two days. */
export function makeCertificates(folder: string): Certificates {
  const make = (name: string, subject: string, more: readonly string[]): Certificate => {
    const cert = join(folder, `${name}.pem`);
    const key = join(folder, `${name}.key`);
    const files = ["-keyout", key, "-out", cert, "-days", "2"];
    const args = ["req", "-x509", ...NEW_KEY, "-subj", `/CN=${subject}`, ...files, ...more];
    const made = spawnSync("openssl", args, { encoding: "utf8" });
    if (made.status !== 0)
      throw new Error(`openssl 3 is needed: ${made.error ?? made.stderr}`.slice(0, 2_000));
    chmodSync(key, 0o644);
    return { cert, key };
  };
  const ca = make("ca", "Odori test CA", []);
  const other = make("other", "Another CA", []);
  const leaf = (names: string) => ["-addext", `subjectAltName=${names}`, "-addext", NOT_A_CA];
  const by = (one: Certificate) => ["-CA", one.cert, "-CAkey", one.key];
  const here = "DNS:localhost,IP:127.0.0.1";
  return {
    ca: ca.cert,
    otherCa: other.cert,
    server: make("server", "localhost", [...by(ca), ...leaf(here)]),
    elsewhere: make("elsewhere", "elsewhere", [...by(ca), ...leaf("DNS:elsewhere.example")]),
    client: make("client", "order", [...by(ca), ...leaf("DNS:order")]),
    forged: make("forged", "order", [...by(other), ...leaf("DNS:order")]),
  };
}

const NOT_A_CA = "basicConstraints=critical,CA:FALSE";

/** The certificate and its key in one file, as Kafka wants them. */
export function together({ cert, key }: Certificate): string {
  return `${readFileSync(key, "utf8")}${readFileSync(cert, "utf8")}`;
}
