import type { Contestant, ServerName } from "./contestant.ts";

export interface Entry {
  readonly name: string;
  readonly kind: "odori" | "ceiling" | "peer";
  readonly needs: readonly ServerName[];
  /** Sagas begun one by one in a round, and in bulk. */
  readonly sagas: number;
  readonly bulkSagas: number;
  /** With a stock of few articles, which each order reads, checks and writes. */
  readonly contended: boolean;
  load(): Promise<Contestant>;
}

/** All that write to Postgres begin as many sagas, so that each has the same rows beside it. */
const ON_POSTGRES = { sagas: 5_000, bulkSagas: 10_000 } as const;
/** Temporal needs minutes for these; each costs as much at the end as at the beginning. */
const ON_TEMPORAL = { sagas: 500, bulkSagas: 1_000 } as const;

type Sizes = Pick<Entry, "sagas" | "bulkSagas">;

const all = (sagas: number): Sizes => ({ sagas, bulkSagas: sagas });

const entryOf =
  (kind: Entry["kind"], before: string) =>
  (
    name: string,
    needs: readonly ServerName[],
    sizes: Sizes,
    load: Entry["load"],
  ): Entry & { readonly withStock: Entry } => {
    const entry = { name: `${before}${name}`, kind, needs, ...sizes, contended: false, load };
    return {
      ...entry,
      withStock: { ...entry, name: `${entry.name}, 20 articles`, contended: true },
    };
  };
const ours = entryOf("odori", "Odori, ");
const ceiling = entryOf("ceiling", "hand-made, ");
const peer = entryOf("peer", "");

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

const memory = ours(
  "memory",
  [],
  all(100_000),
  async () => (await import("../ours/embedded.ts")).odoriMemory,
);
const sqlite = ours(
  "SQLite",
  [],
  all(20_000),
  async () => (await import("../ours/embedded.ts")).odoriSqlite,
);
const postgres = ours(
  "Postgres",
  ["postgres"],
  ON_POSTGRES,
  async () => (await import("../ours/servers.ts")).odoriPostgres,
);
const postgresBus = ours(
  "Postgres as the bus too",
  ["postgres"],
  ON_POSTGRES,
  async () => (await import("../ours/servers.ts")).odoriPostgresBus,
);
const batches = ceiling("Postgres, batches", ["postgres"], ON_POSTGRES, async () => {
  const [{ batchCeiling }, { inProcess }] = await Promise.all([
    import("../ceilings/batches.ts"),
    import("../ceilings/wires.ts"),
  ]);
  return batchCeiling("handed over in process", inProcess);
});
const naive = ceiling("Postgres, naive outbox", ["postgres"], ON_POSTGRES, async () =>
  (await import("../ceilings/single.ts")).singleCeiling("awaited"),
);
const dbos = peer("DBOS, datasource", ["postgres"], ON_POSTGRES, () =>
  peerModule("dbos.ts", "datasource"),
);
const dbosSteps = peer("DBOS, steps", ["postgres"], ON_POSTGRES, () =>
  peerModule("dbos.ts", "steps"),
);
const graphile = peer("graphile-worker", ["postgres"], ON_POSTGRES, () =>
  peerModule("graphile-worker.ts"),
);
const pgBoss = peer("pg-boss, a job a transaction", ["postgres"], ON_POSTGRES, () =>
  peerModule("pg-boss.ts", "single"),
);
const pgBossBatches = peer("pg-boss, batches by hand", ["postgres"], ON_POSTGRES, () =>
  peerModule("pg-boss.ts", "batches"),
);
const outbox = peer("pg-transactional-outbox", ["postgres"], ON_POSTGRES, () =>
  peerModule("pg-transactional-outbox.ts"),
);
const bullmq = peer("BullMQ", ["postgres", "redis"], ON_POSTGRES, () => peerModule("bullmq.ts"));
const restate = peer("Restate", ["postgres"], ON_POSTGRES, () => peerModule("restate.ts"));
const temporalLocal = peer(
  "Temporal, local activities",
  ["postgres", "temporal"],
  ON_TEMPORAL,
  () => peerModule("temporal.ts", "localActivities"),
);
const temporal = peer("Temporal, activities", ["postgres", "temporal"], ON_TEMPORAL, () =>
  peerModule("temporal.ts", "activities"),
);

/** In the order of a round: contestants that are compared are neighbours. */
export const ENTRIES: readonly Entry[] = [
  memory,
  ceiling(
    "memory",
    [],
    all(100_000),
    async () => (await import("../ceilings/memory.ts")).memoryCeiling,
  ),
  sqlite,
  ceiling("SQLite, 100 a commit", [], all(20_000), async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(100),
  ),
  ceiling("SQLite, 10 a commit", [], all(10_000), async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(10),
  ),
  ceiling("SQLite, 1 a commit", [], all(5_000), async () =>
    (await import("../ceilings/sqlite.ts")).sqliteCeiling(1),
  ),
  postgres,
  batches,
  ceiling("Postgres, one statement a step", ["postgres"], ON_POSTGRES, async () =>
    (await import("../ceilings/single.ts")).singleCeiling("statement"),
  ),
  ceiling("Postgres, pipelined", ["postgres"], ON_POSTGRES, async () =>
    (await import("../ceilings/single.ts")).singleCeiling("pipelined"),
  ),
  naive,
  postgresBus,
  ours(
    "Postgres + NATS",
    ["postgres", "nats"],
    ON_POSTGRES,
    async () => (await import("../ours/servers.ts")).odoriNats,
  ),
  ours(
    "Postgres + NATS, in batches",
    ["postgres", "nats"],
    ON_POSTGRES,
    async () => (await import("../ours/servers.ts")).odoriNatsBatches,
  ),
  ceiling("Postgres + NATS, batches", ["postgres", "nats"], ON_POSTGRES, async () => {
    const [{ batchCeiling }, { overJetStream }] = await Promise.all([
      import("../ceilings/batches.ts"),
      import("../ceilings/wires.ts"),
    ]);
    return batchCeiling("JetStream, file storage", overJetStream);
  }),
  ceiling(
    "Postgres + NATS, batches in one message",
    ["postgres", "nats"],
    ON_POSTGRES,
    async () => {
      const [{ batchCeiling }, { overJetStreamInFrames }] = await Promise.all([
        import("../ceilings/batches.ts"),
        import("../ceilings/wires.ts"),
      ]);
      return batchCeiling("JetStream, file storage, a message a commit", overJetStreamInFrames);
    },
  ),
  ours(
    "Postgres + RabbitMQ",
    ["postgres", "rabbitmq"],
    ON_POSTGRES,
    async () => (await import("../ours/servers.ts")).odoriRabbitmq,
  ),
  ours(
    "Postgres + RabbitMQ, in batches",
    ["postgres", "rabbitmq"],
    ON_POSTGRES,
    async () => (await import("../ours/servers.ts")).odoriRabbitmqBatches,
  ),
  ours(
    "Postgres + Kafka",
    ["postgres", "kafka"],
    ON_POSTGRES,
    async () => (await import("../ours/servers.ts")).odoriKafka,
  ),
  pgBossBatches,
  bullmq,
  restate,
  graphile,
  pgBoss,
  dbos,
  dbosSteps,
  outbox,
  temporalLocal,
  temporal,
  ...[sqlite, postgres, batches, naive, postgresBus].map(({ withStock }) => withStock),
  ...[pgBossBatches, bullmq, restate, graphile, pgBoss, dbos, outbox].map(
    ({ withStock }) => withStock,
  ),
  temporalLocal.withStock,
];
