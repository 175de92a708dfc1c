import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withDatabase } from "./harness/database.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { startServers } from "./harness/servers.ts";
import { median } from "./harness/statistics.ts";
import { piecesOf } from "./harness/stock.ts";
import { type Measured, play, type Trouble } from "./trouble/play.ts";
import { postgresShop, sqliteShop } from "./trouble/shop.ts";

const HELP = `Measures what trouble costs: one service reads, checks and writes its stock for each
order, while one in a hundred fails, one hangs, one row is locked, or all orders want the same row.
Each run is audited: no piece is sold twice, or beyond the stock. The troubles take turns with the
calm run; compare them within one run.

  npm run bench:trouble                      3 rounds on SQLite and Postgres, about five minutes
  npm run bench:trouble -- --only postgres
  npm run bench:trouble -- --rounds 5 --json
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1)
  throw new Error(`--rounds is ${JSON.stringify(values.rounds)}: a whole number from 1`);
if (values.only !== undefined && !["sqlite", "postgres"].includes(values.only))
  throw new Error(`--only is ${JSON.stringify(values.only)}: sqlite or postgres`);

/** About four seconds of each store: what a run ends with is a small part of it. */
const ORDERS = { sqlite: 60_000, postgres: 20_000 } as const;
const calm = { orders: ORDERS.postgres, articles: 1_000, pieces: 1_000 };
const TROUBLES: readonly Trouble[] = [
  { name: "calm", ...calm },
  { name: "one in a hundred fails once", ...calm, failsEvery: 100 },
  { name: "one handler hangs", ...calm, one: "hangs" },
  { name: "one handler takes 3 s", ...calm, one: "takes 3 s" },
  { name: "one row is locked by another session", ...calm, one: "meets a locked row" },
  { name: "20 articles, 800 pieces for 8,000 orders", orders: 8_000, articles: 20, pieces: 40 },
  {
    name: "two members, one row, 20 in flight",
    orders: 2_000,
    articles: 1,
    pieces: 2_000,
    members: 2,
    inFlight: 20,
  },
];

type Kind = "sqlite" | "postgres";

/** SQLite has no row locks, and one writer at a time however many members there are. */
const onSqlite = TROUBLES.filter(
  ({ one, members }) => one !== "meets a locked row" && !members,
).map((trouble) =>
  trouble.orders === calm.orders ? { ...trouble, orders: ORDERS.sqlite } : trouble,
);
const runs = (["sqlite", "postgres"] as const)
  .filter((kind) => kind === (values.only ?? kind))
  .flatMap((kind) =>
    (kind === "sqlite" ? onSqlite : TROUBLES).map((trouble) => ({ kind, trouble })),
  );

const { servers, stop } = await startServers(
  new Set(runs.some(({ kind }) => kind === "postgres") ? (["postgres"] as const) : []),
);
const measured = new Map<(typeof runs)[number], Measured[]>();
try {
  // The first round warms up, failures included: two hundred would leave their code interpreted.
  for (let round = 0; round <= rounds; round++)
    for (const run of runs) {
      const { failsEvery } = run.trouble;
      const often = failsEvery !== undefined && { failsEvery: failsEvery / 10 };
      const trouble = round === 0 ? { ...run.trouble, ...often } : run.trouble;
      const result = await once(run.kind, trouble);
      if (round > 0) measured.set(run, [...(measured.get(run) ?? []), result]);
      const shown = `${Math.round(result.perSecond)}/s, p99 ${result.p99.toFixed(1)} ms`;
      process.stderr.write(
        `round ${round}/${rounds}  ${run.kind}, ${run.trouble.name}: ${shown}\n`,
      );
    }
} finally {
  await stop();
}

const rows = [...measured].map(([{ kind, trouble }, results]) => {
  const of = (pick: (one: Measured) => number) => median(results.map(pick));
  return {
    store: kind,
    trouble: trouble.name,
    perSecond: of(({ perSecond }) => perSecond),
    cpuMs: of(({ cpuMs }) => cpuMs),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
  };
});
if (values.json) process.stdout.write(`${JSON.stringify({ rounds, rows }, undefined, 2)}\n`);
else {
  process.stdout.write(
    tableHead([
      "",
      "orders/s",
      "of the calm run",
      "CPU ms an order",
      "p50 ms",
      "p99 ms",
      "of calm",
    ]),
  );
  for (const row of rows) {
    const base = rows.find(({ store, trouble }) => store === row.store && trouble === "calm");
    const ratio = (value: number, of = Number.NaN) => (value / of).toFixed(2);
    process.stdout.write(
      tableRow([
        `${row.store}, ${row.trouble}`,
        Math.round(row.perSecond).toLocaleString("en"),
        ratio(row.perSecond, base?.perSecond),
        row.cpuMs.toFixed(3),
        row.p50.toFixed(1),
        row.p99.toFixed(1),
        ratio(row.p99, base?.p99),
      ]),
    );
  }
}

async function once(kind: Kind, trouble: Trouble): Promise<Measured> {
  const stock = piecesOf(trouble);
  if (kind === "postgres")
    return withDatabase(servers.postgres, async (url) => {
      const shop = await postgresShop(url, stock);
      return play(shop, trouble).finally(() => shop.close());
    });
  const folder = mkdtempSync(join(tmpdir(), "odori-trouble-"));
  const shop = await sqliteShop(folder, stock);
  try {
    return await play(shop, trouble);
  } finally {
    await shop.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
