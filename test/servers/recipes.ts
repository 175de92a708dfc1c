import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import pg from "pg";
import type { ServerName } from "./find.ts";
import type { Place, Recipe } from "./server.ts";

/** How each server is run, given its program (for Kafka: the folder with its jars). */
export const recipes: Readonly<
  Record<ServerName, (program: string, advertised?: number) => Recipe>
> = { postgres, nats, rabbitmq, kafka };

function postgres(program: string): Recipe {
  const url = ({ port }: Place) => `postgres://postgres@127.0.0.1:${port}/postgres`;
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? userOf("postgres") : undefined;
  return {
    name: "postgres",
    ...(user === undefined ? {} : { user }),
    async prepare({ folder }) {
      const initdb = join(dirname(realPath(program)), "initdb");
      const made = spawnSync(
        initdb,
        ["-D", join(folder, "data"), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"],
        { ...user },
      );
      if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    },
    command: ({ folder, port }) => ({
      program: realPath(program),
      args: [
        "-D",
        join(folder, "data"),
        "-p",
        `${port}`,
        "-k",
        folder,
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "max_connections=200",
      ],
    }),
    ready: (place) => answers(url(place)),
    url,
  };
}

/** PgBouncer before a Postgres server, with fewer connections than its clients have. */
export function pgbouncer(program: string, postgresUrl: string): Recipe {
  const { hostname, port: target } = new URL(postgresUrl);
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? userOf("postgres") : undefined;
  const url = ({ port }: Place) => `postgres://postgres@127.0.0.1:${port}/postgres`;
  return {
    name: "pgbouncer",
    ...(user === undefined ? {} : { user }),
    async prepare({ folder, port }) {
      writeFileSync(join(folder, "users.txt"), '"postgres" ""\n');
      const lines = [
        "[databases]",
        `postgres = user=postgres host=${hostname} port=${target} dbname=postgres`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "auth_type = any",
        `auth_file = ${join(folder, "users.txt")}`,
        "pool_mode = transaction",
        "default_pool_size = 5",
        "max_client_conn = 200",
        "unix_socket_dir =",
      ];
      writeFileSync(join(folder, "pgbouncer.ini"), `${lines.join("\n")}\n`);
    },
    command: ({ folder }) => ({ program, args: [join(folder, "pgbouncer.ini")] }),
    ready: (place) => answers(url(place)),
    url,
  };
}

async function answers(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end().catch(() => {});
  }
}

function nats(program: string): Recipe {
  return {
    name: "nats",
    command({ folder, port }) {
      const own = join(folder, "nats.conf");
      const conf = existsSync(own) ? ["-c", own] : [];
      return { program, args: ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", `${port}`, ...conf] };
    },
    ready: ({ port }) => accepts(port),
    url: ({ port }) => `nats://127.0.0.1:${port}`,
  };
}

function rabbitmq(program: string): Recipe {
  const environmentOf = ({ folder, port, port2 }: Place) => ({
    HOME: join(folder, "home"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "none.conf"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_NODENAME: `rmq${port}@localhost`,
    RABBITMQ_DIST_PORT: `${port2}`,
    ERL_EPMD_PORT: readFileSync(join(folder, "epmd"), "utf8"),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "rmq.pid"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
  });
  return {
    name: "rabbitmq",
    async prepare(place) {
      const { folder, port } = place;
      for (const name of ["home", "mnesia", "log"]) mkdirSync(join(folder, name));
      writeFileSync(join(folder, "enabled_plugins"), "[].");
      const settings = [
        `listeners.tcp.default = 127.0.0.1:${port}`,
        "log.console = true",
        "log.file = false",
        "vm_memory_high_watermark.absolute = 1GB",
        "disk_free_limit.absolute = 50MB",
      ];
      writeFileSync(join(folder, "rabbitmq.conf"), `${settings.join("\n")}\n`);
      // The port mapper of Erlang; without one of our own the node would start one that outlives
      // it.
      const epmd = port > 32_000 ? port - 10_000 : port + 10_000;
      writeFileSync(join(folder, "epmd"), `${epmd}`);
    },
    // The node would start its port mapper as a daemon, out of our reach.
    command: (place) => ({
      program: "/bin/sh",
      args: [
        "-c",
        'epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" & echo $! >> "$HOME/epmd.pids"; exec "$0"',
        program,
      ],
      env: environmentOf(place),
    }),
    tidy({ folder }) {
      const pids = join(folder, "home", "epmd.pids");
      for (const pid of existsSync(pids) ? readFileSync(pids, "utf8").split("\n") : []) {
        const name = `/proc/${pid}/comm`;
        if (pid !== "" && existsSync(name) && readFileSync(name, "utf8").trim() === "epmd")
          process.kill(Number(pid), "SIGKILL");
      }
    },
    async ready(place) {
      await accepts(place.port);
      // The port accepts connections some time before the node can be used.
      await control(program, environmentOf(place), ["await_startup", "--timeout", "20"]);
    },
    control: (place, args) => control(program, environmentOf(place), args),
    url: ({ port }) => `amqp://guest:guest@127.0.0.1:${port}`,
  };
}

/** Runs `rabbitmqctl` against the node. */
async function control(
  program: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<void> {
  const asked = spawn(
    join(dirname(program), "rabbitmqctl"),
    ["-n", env.RABBITMQ_NODENAME ?? "", ...args],
    {
      env: { ...process.env, ...env },
      stdio: "ignore",
    },
  );
  const status = await new Promise((resolve) => asked.once("exit", resolve));
  if (status !== 0) throw new Error(`rabbitmqctl ends with ${status}`);
}

/**
 * A broker of Kafka tells its clients where to find it: `advertised` is the port of a proxy in
 * front of it.
 */
function kafka(jars: string, advertised?: number): Recipe {
  return {
    name: "kafka",
    prepare: async (place) => prepareKafka(jars, place, { advertised }),
    command: ({ folder }) => ({
      program: "java",
      args: javaOf(jars, ["kafka.Kafka", join(folder, "kafka.properties")]),
    }),
    ready: ({ port }) => accepts(port),
    url: ({ port }) => `127.0.0.1:${port}`,
  };
}

/** Writes the settings of a broker, of which later ones win, and formats its folder. */
export function prepareKafka(
  jars: string,
  { folder, port, port2 }: Place,
  { advertised = port, more = [], format = [] }: KafkaChange = {},
): void {
  const settings = [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${port2}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port2}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${advertised}`,
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    `log.dirs=${join(folder, "log")}`,
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    "auto.create.topics.enable=false",
    ...more,
  ];
  const file = join(folder, "kafka.properties");
  writeFileSync(file, `${settings.join("\n")}\n`);
  const tool = ["kafka.tools.StorageTool", "format", "-t", "b2RvcmktdGVzdC1rYWZrYQ", "-c", file];
  const made = spawnSync("java", javaOf(jars, [...tool, ...format]));
  if (made.status !== 0)
    throw new Error(`Kafka's folder could not be formatted: ${made.stdout}${made.stderr}`);
}

/** What a broker has beside the usual. */
interface KafkaChange {
  readonly advertised?: number | undefined;
  /** Lines of its settings. */
  readonly more?: readonly string[];
  /** Arguments of the tool that formats its folder. */
  readonly format?: readonly string[];
}

function javaOf(jars: string, args: readonly string[]): string[] {
  const options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", `${jars}/*`];
  return [...options, ...args];
}

export function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}

function userOf(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined) throw new Error(`The user ${name}, who runs the server, does not exist.`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Debian links the program into the PATH; its companions stand beside the real one. */
function realPath(program: string): string {
  const { status, stdout } = spawnSync("readlink", ["-f", program], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : program;
}
