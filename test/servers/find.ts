import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export const SERVERS = ["postgres", "nats", "rabbitmq", "kafka"] as const;
export type ServerName = (typeof SERVERS)[number];
/** Servers, what stands before one of them, and the browser that shows the console's page. */
export type ProgramName = ServerName | "pgbouncer" | "chromium";

/** How a person gets the server, where the suite cannot. */
export const HOW: Readonly<Record<ProgramName, string>> = {
  postgres: "install PostgreSQL 14 or later, or name its `postgres` program in ODORI_TEST_POSTGRES",
  nats:
    "go install github.com/nats-io/nats-server/v2@latest, " +
    "or name the program in ODORI_TEST_NATS",
  rabbitmq:
    "install RabbitMQ 3.10 or later, or name its `rabbitmq-server` script in ODORI_TEST_RABBITMQ",
  pgbouncer: "install PgBouncer, or name its `pgbouncer` program in ODORI_TEST_PGBOUNCER",
  chromium: "install Chromium, or name its program in ODORI_TEST_CHROMIUM",
  kafka: "install Java 17 and Maven, or name a folder with Kafka's jars in ODORI_TEST_KAFKA",
};

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "odori", "servers");
const KAFKA_VERSION = "4.1.1";
const INSTALL_LIMIT_MS = 300_000;

/**
 * The program that runs a server (for Kafka: the folder with its jars); an environment variable
 * wins, then the PATH, the cache, an installation.
 */
export function find(name: ProgramName, install: boolean): string | undefined {
  const named = environment(name);
  if (named === "none") return undefined;
  if (named !== "" && urlNamed(name) === undefined) return named;
  return installed[name]() ?? (install && installers[name]() ? installed[name]() : undefined);
}

/**
 * A server that is running already, as the environment names it (`nats://…`, `kafka://host:9092`):
 * the suite then shares it. Tests that kill one start their own all the same.
 */
export function urlNamed(name: ProgramName): string | undefined {
  const named = environment(name);
  return /^[a-z]+:\/\//.test(named) ? named.replace(/^kafka:\/\//, "") : undefined;
}

function environment(name: ProgramName): string {
  return process.env[`ODORI_TEST_${name.toUpperCase()}`] ?? "";
}

const installed: Readonly<Record<ProgramName, () => string | undefined>> = {
  postgres() {
    const base = "/usr/lib/postgresql";
    const newest = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
    return first([
      onPath("postgres"),
      ...newest.map((version) => join(base, version, "bin", "postgres")),
    ]);
  },
  // Ours is a current one, where Debian's is of 2022.
  nats: () =>
    first([join(CACHE, "bin", "nats-server"), onPath("nats-server"), "/usr/sbin/nats-server"]),
  // Debian's wrapper in /usr/sbin changes the user; the script that it calls does not.
  pgbouncer: () => first([onPath("pgbouncer"), "/usr/sbin/pgbouncer"]),
  rabbitmq: () => first(["/usr/lib/rabbitmq/bin/rabbitmq-server", onPath("rabbitmq-server")]),
  chromium: () =>
    first(["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].map(onPath)),
  kafka() {
    const jars = join(CACHE, `kafka-${KAFKA_VERSION}`);
    return onPath("java") !== undefined && existsSync(join(jars, "complete")) ? jars : undefined;
  },
};

const installers: Readonly<Record<ProgramName, () => boolean>> = {
  postgres: () => debian("postgresql"),
  nats: () =>
    (onPath("go") !== undefined &&
      ran("go", ["install", "github.com/nats-io/nats-server/v2@latest"], {
        GOBIN: join(CACHE, "bin"),
      })) ||
    debian("nats-server"),
  pgbouncer: () => debian("pgbouncer"),
  rabbitmq: () => debian("rabbitmq-server"),
  chromium: () => debian("chromium"),
  kafka() {
    if (onPath("mvn") === undefined && !debian("maven")) return false;
    const folder = join(CACHE, `kafka-${KAFKA_VERSION}`);
    mkdirSync(folder, { recursive: true });
    const dependency = (group: string, artifact: string, version: string) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>
    <version>${version}</version></dependency>`;
    writeFileSync(
      join(folder, "pom.xml"),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
  ${dependency("org.apache.kafka", "kafka_2.13", KAFKA_VERSION)}
  ${dependency("org.slf4j", "slf4j-nop", "2.0.17")}
  </dependencies></project>`,
    );
    const copy = [
      "-q",
      "-B",
      "-f",
      join(folder, "pom.xml"),
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${folder}`,
    ];
    if (!ran("mvn", copy, {})) return false;
    writeFileSync(join(folder, "complete"), "");
    return true;
  },
};

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return first(folders.map((folder) => join(folder, program)));
}

function first(paths: readonly (string | undefined)[]): string | undefined {
  return paths.find((path) => path !== undefined && existsSync(path));
}

function debian(name: string): boolean {
  if (process.getuid?.() !== 0 || onPath("apt-get") === undefined) return false;
  // The package would start a server of its own; RUNLEVEL=1 keeps it from that.
  const quiet = { RUNLEVEL: "1", DEBIAN_FRONTEND: "noninteractive" };
  const install = () => ran("apt-get", ["install", "-y", "--no-install-recommends", name], quiet);
  return install() || (ran("apt-get", ["update"], quiet) && install());
}

function ran(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): boolean {
  process.stderr.write(
    `Installing for the tests (once): ${program} ${args.slice(0, 3).join(" ")} …\n`,
  );
  const options = {
    env: { ...process.env, ...environment },
    stdio: "ignore",
    timeout: INSTALL_LIMIT_MS,
  } as const;
  return spawnSync(program, args, options).status === 0;
}
