import type { Contestant, ServerName } from "./contestant.ts";

export interface Entry {
  readonly name: string;
  readonly kind: "odori" | "ceiling" | "peer";
  readonly needs: readonly ServerName[];
  /** Sagas in a round, at least 5,000; more where the contestant is fast. */
  readonly sagas: number;
  load(): Promise<Contestant>;
}

const ours = (
  name: string,
  needs: readonly ServerName[],
  sagas: number,
  load: Entry["load"],
): Entry => ({
  name: `Odori, ${name}`,
  kind: "odori",
  needs,
  sagas,
  load,
});
const ceiling = (
  name: string,
  needs: readonly ServerName[],
  sagas: number,
  load: Entry["load"],
): Entry => ({
  name: `hand-made, ${name}`,
  kind: "ceiling",
  needs,
  sagas,
  load,
});
const peer = (name: string, needs: readonly ServerName[], load: Entry["load"]): Entry => ({
  name,
  kind: "peer",
  needs,
  sagas: 5_000,
  load,
});

/**
 * Its packages are installed when the benchmark first runs, so nothing here may import it by name.
 */
async function peerModule(file: string, name = "contestant"): Promise<Contestant> {
  const loaded: Readonly<Record<string, Contestant>> = await import(
    new URL(`../peers/${file}`, import.meta.url).href
  );
  const contestant = loaded[name];
  if (contestant === undefined) throw new Error(`${file} has no ${name}`);
  return contestant;
}

/** In the order of a round: contestants that are compared are neighbours. */
export const ENTRIES: readonly Entry[] = [
  ours("memory", [], 100_000, async () => (await import("../ours/embedded.ts")).odoriMemory),
  ceiling("memory", [], 100_000, async () => (await import("../ceilings/memory.ts")).memoryCeiling),
  ours("SQLite", [], 20_000, async () => (await import("../ours/embedded.ts")).odoriSqlite),
  ceiling("SQLite, 100 a commit", [], 20_000, async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(100),
  ),
  ceiling("SQLite, 10 a commit", [], 10_000, async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(10),
  ),
  ceiling("SQLite, 1 a commit", [], 5_000, async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(1),
  ),
  ours(
    "Postgres",
    ["postgres"],
    10_000,
    async () => (await import("../ours/servers.ts")).odoriPostgres,
  ),
  ceiling("Postgres, batches", ["postgres"], 10_000, async () => {
    const [{ batchCeiling }, { inProcess }] = await Promise.all([
      import("../ceilings/batches.ts"),
      import("../ceilings/wires.ts"),
    ]);
    return batchCeiling("handed over in process", inProcess);
  }),
  ceiling("Postgres, one statement a step", ["postgres"], 5_000, async () =>
    (await import("../ceilings/single.ts")).singleCeiling("statement"),
  ),
  ceiling("Postgres, pipelined", ["postgres"], 5_000, async () =>
    (await import("../ceilings/single.ts")).singleCeiling("pipelined"),
  ),
  ceiling("Postgres, naive outbox", ["postgres"], 5_000, async () =>
    (await import("../ceilings/single.ts")).singleCeiling("awaited"),
  ),
  ours(
    "Postgres as the bus too",
    ["postgres"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriPostgresBus,
  ),
  ours(
    "Postgres + NATS",
    ["postgres", "nats"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriNats,
  ),
  ours(
    "Postgres + NATS, in batches",
    ["postgres", "nats"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriNatsBatches,
  ),
  ceiling("Postgres + NATS, batches", ["postgres", "nats"], 5_000, async () => {
    const [{ batchCeiling }, { overJetStream }] = await Promise.all([
      import("../ceilings/batches.ts"),
      import("../ceilings/wires.ts"),
    ]);
    return batchCeiling("JetStream, file storage", overJetStream);
  }),
  ours(
    "Postgres + RabbitMQ",
    ["postgres", "rabbitmq"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriRabbitmq,
  ),
  ours(
    "Postgres + RabbitMQ, in batches",
    ["postgres", "rabbitmq"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriRabbitmqBatches,
  ),
  ours(
    "Postgres + Kafka",
    ["postgres", "kafka"],
    5_000,
    async () => (await import("../ours/servers.ts")).odoriKafka,
  ),
  peer("DBOS", ["postgres"], () => peerModule("dbos.ts")),
  peer("graphile-worker", ["postgres"], () => peerModule("graphile-worker.ts")),
  peer("pg-boss, a job a transaction", ["postgres"], () => peerModule("pg-boss.ts", "single")),
  peer("pg-boss, batches by hand", ["postgres"], () => peerModule("pg-boss.ts", "batches")),
  peer("BullMQ", ["postgres", "redis"], () => peerModule("bullmq.ts")),
  peer("Restate", ["postgres"], () => peerModule("restate.ts")),
];
