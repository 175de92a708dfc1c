import { createHash, randomUUID } from "node:crypto";
import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A server whose users have JWTs, and the credentials file of one of them. */
export interface JwtAccess {
  /** Lines of the server's configuration. */
  readonly config: string;
  readonly creds: string;
}

const UNLIMITED = { subs: -1, data: -1, payload: -1 };
const ACCOUNT = {
  limits: {
    ...UNLIMITED,
    imports: -1,
    exports: -1,
    conn: -1,
    leaf: -1,
    mem_storage: -1,
    disk_storage: -1,
    streams: -1,
    consumer: -1,
  },
};

/** Makes an operator, an account with JetStream, and a user. */
export function makeJwtAccess(): JwtAccess {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const named = (of: KeyPair, name: string, type: string, claims: object, by: KeyPair) =>
    signed(by, { sub: of.getPublicKey(), name, nats: { type, version: 2, ...claims } });
  const config = `operator: ${named(operator, "operator", "operator", {}, operator)}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${named(system, "system", "account", ACCOUNT_BARE, operator)}
  ${account.getPublicKey()}: ${named(account, "shop", "account", ACCOUNT, operator)}
}`;
  const jwt = named(user, "order", "user", UNLIMITED, account);
  const block = (what: string, text: string) =>
    `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n`;
  const seed = new TextDecoder().decode(user.getSeed());
  return { config, creds: `${block("NATS USER JWT", jwt)}\n${block("USER NKEY SEED", seed)}` };
}

/** Of the system account, which may not have JetStream. */
const ACCOUNT_BARE = { limits: { ...ACCOUNT.limits, mem_storage: 0, disk_storage: 0 } };

function signed(by: KeyPair, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jti = createHash("sha256").update(randomUUID()).digest("hex");
  const body = { jti, iat: Math.floor(Date.now() / 1_000), iss: by.getPublicKey(), ...claims };
  const text = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(body)}`;
  return `${text}.${Buffer.from(by.sign(new TextEncoder().encode(text))).toString("base64url")}`;
}
