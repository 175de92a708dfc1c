import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import pg from "pg";

/** As `go build` calls them; the folder is that of `findTemporal`. */
const PROGRAMS = { server: "server", sql: "sql" } as const;
const SHARDS = 4;
const READY_MS = 120_000;

/**
 * Only what limits or costs on one small node is changed, after
 * https://docs.temporal.io/references/dynamic-configuration and
 * https://docs.temporal.io/develop/worker-performance; all else is as shipped.
 */
const DYNAMIC = {
  "system.enableActivityEagerExecution": true,
  "system.enableEagerWorkflowStart": true,
  // One server and one task queue: partitions would only forward to each other.
  "matching.numTaskqueueReadPartitions": 1,
  "matching.numTaskqueueWritePartitions": 1,
  // A benchmark would meet the limits as shipped (1,200 to 3,000 a second).
  "frontend.rps": 100_000,
  "frontend.namespaceRPS": 100_000,
  "frontend.namespaceCount": 10_000,
  "history.rps": 100_000,
  "matching.rps": 100_000,
  "frontend.persistenceMaxQPS": 100_000,
  "history.persistenceMaxQPS": 100_000,
  "matching.persistenceMaxQPS": 100_000,
};

interface Started {
  readonly address: string;
  stop(): Promise<void>;
}

/** A server of its own, with two databases of its own beside the one of the rows. */
export async function startTemporal(
  programs: string,
  postgres: string,
  folder: string,
): Promise<Started> {
  const suffix = randomUUID().replaceAll("-", "");
  const names = { temporal: `temporal_${suffix}`, visibility: `temporal_v_${suffix}` };
  for (const [schema, database] of Object.entries(names))
    createDatabase(programs, postgres, schema, database);
  const ports = await freePorts(9);
  const address = `127.0.0.1:${ports[0]}`;
  mkdirSync(join(folder, "config"));
  // JSON is YAML.
  writeFileSync(join(folder, "config", "bench.yaml"), configOf(postgres, names, ports, folder));
  const values = Object.entries(DYNAMIC).map(([key, value]) => [key, [{ value }]]);
  writeFileSync(join(folder, "dynamic.yaml"), JSON.stringify(Object.fromEntries(values)));
  const log = join(folder, "temporal.log");
  const output = openSync(log, "a");
  const child = spawn(
    join(programs, PROGRAMS.server),
    ["--root", folder, "--config", "config", "--env", "bench", "--allow-no-auth", "start"],
    { stdio: ["ignore", output, output], cwd: folder },
  );
  process.once("exit", () => child.kill("SIGKILL"));
  await ready(address, child).catch((cause: unknown) => {
    const said = readFileSync(log, "utf8").slice(-2_000);
    throw new Error(`Temporal does not start: ${said}`, { cause });
  });
  return {
    address,
    async stop() {
      await killed(child);
      const admin = new pg.Client({ connectionString: postgres });
      await admin.connect();
      for (const database of Object.values(names))
        await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await admin.end();
    },
  };
}

function createDatabase(programs: string, postgres: string, schema: string, name: string): void {
  const { hostname, port, username } = new URL(postgres);
  const where = ["--plugin", "postgres12", "--ep", hostname, "-p", port, "-u", username];
  const commands = [
    ["create"],
    ["setup-schema", "-v", "0.0"],
    ["update-schema", "--schema-name", `postgresql/v12/${schema}`],
  ];
  for (const command of commands) {
    const ran = spawnSync(join(programs, PROGRAMS.sql), [...where, "--db", name, ...command], {
      encoding: "utf8",
    });
    if (ran.status !== 0) throw new Error(`Temporal's schema: ${ran.stdout}${ran.stderr}`);
  }
}

function configOf(
  postgres: string,
  names: { readonly temporal: string; readonly visibility: string },
  ports: readonly number[],
  folder: string,
): string {
  const { hostname, port, username } = new URL(postgres);
  const store = (databaseName: string, maxConns: number) => ({
    sql: {
      pluginName: "postgres12",
      databaseName,
      connectAddr: `${hostname}:${port}`,
      connectProtocol: "tcp",
      user: username,
      password: "",
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: "1h",
    },
  });
  const service = (at: number, more = {}) => ({
    rpc: { grpcPort: ports[at], membershipPort: ports[at + 1], bindOnLocalHost: true, ...more },
  });
  const rpcAddress = `127.0.0.1:${ports[0]}`;
  return JSON.stringify({
    log: { stdout: true, level: "error" },
    persistence: {
      defaultStore: "default",
      visibilityStore: "visibility",
      numHistoryShards: SHARDS,
      datastores: { default: store(names.temporal, 20), visibility: store(names.visibility, 5) },
    },
    global: { membership: { maxJoinDuration: "30s", broadcastAddress: "127.0.0.1" } },
    services: {
      frontend: service(0, { httpPort: ports[8] }),
      matching: service(2),
      history: service(4),
      worker: service(6),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: "active",
      currentClusterName: "active",
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: "frontend", rpcAddress },
      },
    },
    dcRedirectionPolicy: { policy: "noop" },
    dynamicConfigClient: { filepath: join(folder, "dynamic.yaml"), pollInterval: "60s" },
  });
}

/** Resolves once the namespace `default` can be used. */
async function ready(address: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + READY_MS;
  const again = async (work: () => Promise<unknown>) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (child.exitCode !== null || performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  await again(async () => {
    const connection = await Connection.connect({ address, connectTimeout: "2s" });
    await connection.workflowService.getSystemInfo({});
    await connection.close();
  });
  const connection = await Connection.connect({ address });
  const namespace = "default";
  await again(async () => {
    const described = connection.workflowService.describeNamespace({ namespace });
    if (await described.catch(() => undefined)) return;
    const day = { seconds: 86_400 as never };
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: day,
    });
    throw new Error("the namespace is new");
  });
  // The caches of its other services learn of a namespace every two seconds or so.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await connection.close();
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** Below 32,768: with Postgres, Temporal keeps the ports of its members in a smallint. */
async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise<boolean>((resolve) => {
      const listener = createServer();
      listener.once("error", () => resolve(false));
      listener.listen(port, "127.0.0.1", () => listener.close(() => resolve(true)));
    });
    if (free && !found.includes(port)) found.push(port);
  }
  return found;
}
