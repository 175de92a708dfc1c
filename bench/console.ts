/*
 * The console's own figures: how long a page takes among a million sagas, and how fast a projection
 * is built. `npm run bench:console`, with `--sagas 100000` for fewer.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import choreography from "../examples/order/choreography.ts";
import { files } from "../examples/order/database.ts";
import { makeOrders } from "../examples/order/orders.ts";
import { Shop } from "../examples/order/shop.ts";
import { SqliteSource } from "../src/adapters/sqlite/source.ts";
import { manifestOf } from "../src/manifest/from-code.ts";
import { Observer } from "../src/observer/observer.ts";
import { groupParked, listParked } from "../src/observer/parked-list.ts";
import { Projection } from "../src/observer/projection.ts";
import { type SagaListQuery, sagaPage } from "../src/observer/saga-list.ts";
import type { Judged } from "../src/observer/saga-rows.ts";
import { type SagaVerdict, VERDICTS } from "../src/observer/verdict.ts";

const { values } = parseArgs({
  options: {
    sagas: { type: "string", default: "1000000" },
    orders: { type: "string", default: "5000" },
  },
});
const SAGAS = Number(values.sagas);
const ORDERS = Number(values.orders);
const PAGE = 100;
const ROUNDS = 15;
const BATCH = 5_000;
const BEGAN = Date.UTC(2026, 0, 1);
const folder = mkdtempSync(join(tmpdir(), "odori-bench-console-"));

/** One in ten is open: parked, stuck, late or on its way at one of forty services. */
function judged(n: number): Judged {
  const isOpen = n % 10 === 0;
  const verdict: SagaVerdict = isOpen
    ? (VERDICTS[Math.floor(n / 10) % VERDICTS.length] ?? "running")
    : n % 3 === 0
      ? "undone"
      : "succeeded";
  const began = BEGAN + n * 20;
  const service = `service-${n % 40}`;
  const sagaId = `order-${String(n).padStart(8, "0")}`;
  const type = "order.placed.v1";
  const delivery = { service, reaction: "order.placed", type, since: began };
  const isParked = verdict === "parked";
  const state = isParked ? ("parked" as const) : ("on its way" as const);
  return {
    summary: {
      ...{ sagaId, began, last: began + 400, steps: 7, duplicates: 0 },
      correlationId: n % 4 === 0 ? `web-${n % 1_000}` : sagaId,
      state: "running",
      end: isOpen ? undefined : { id: `e-${n}`, type, at: began + 300 },
      open: isOpen ? [{ ...delivery, state, dueAt: undefined, seq: isParked ? n : undefined }] : [],
    },
    ...{ verdict, early: [], uncounted: new Set<string>(), unread: [] },
    parked: isParked
      ? [{ ...delivery, seq: n, attempts: 8, code: `CODE_${n % 7}`, message: "no reply" }]
      : [],
  };
}

function pages(projection: Projection): Readonly<Record<string, () => unknown>> {
  const { sql } = projection;
  const page = (query: Partial<SagaListQuery>) => () => sagaPage(sql, { limit: PAGE, ...query });
  const middle = { began: BEGAN + SAGAS * 10, id: "" };
  const now = BEGAN + SAGAS * 20;
  return {
    "all sagas, first page": page({}),
    "all sagas, the middle": page({ behind: middle }),
    "500 at once": page({ limit: 500 }),
    stuck: page({ verdicts: ["stuck"] }),
    "four verdicts, the middle": page({
      verdicts: ["stuck", "late", "parked", "doomed"],
      behind: middle,
    }),
    "at a service": page({ at: "service-7" }),
    "at a service, no such verdict": page({ at: "service-7", verdicts: ["succeeded"] }),
    "older than half": page({ beganBy: middle.began }),
    "stuck at a service, older than half": page({
      ...{ at: "service-10", verdicts: ["stuck"], beganBy: middle.began },
    }),
    "a correlation id": page({ correlationId: "web-8" }),
    "by the beginning of an id": page({ prefix: "order-0005" }),
    "the same, with a rare verdict": page({ prefix: "order-0005", verdicts: ["illegal"] }),
    "sums by verdict": () => projection.counts(),
    "the ledger": () => projection.accounts(now),
    "what is parked": () => listParked(sql, {}),
    "what is parked, of one code": () => listParked(sql, { code: "CODE_3" }),
    "groups of what is parked": () => groupParked(sql, 500),
  };
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

function line(...cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell) => String(cell).padEnd(40)).join("")}\n`);
}

try {
  const file = join(folder, "million.sqlite");
  const projection = new Projection(file);
  let began = performance.now();
  for (let at = 0; at < SAGAS; at += BATCH)
    projection.apply({
      sagas: Array.from({ length: Math.min(BATCH, SAGAS - at) }, (_, n) => judged(at + n)),
      ...{ accounts: [], passages: [], places: [] },
    });
  const wrote = performance.now() - began;
  line(`${SAGAS} sagas written`, `${Math.round((SAGAS / wrote) * 1_000)} sagas/s`);
  for (const [name, read] of Object.entries(pages(projection))) {
    const times = Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      read();
      return performance.now() - start;
    });
    line(name, `${median(times).toFixed(2)} ms`, `worst ${Math.max(...times).toFixed(2)} ms`);
  }
  began = performance.now();
  projection.tick(BEGAN + SAGAS * 20);
  line("marking what is late", `${(performance.now() - began).toFixed(1)} ms`);
  projection.sql.all("PRAGMA wal_checkpoint(TRUNCATE)");
  line("bytes a saga", Math.round(statSync(file).size / SAGAS));
  projection.close();

  const databases = files(folder);
  const shop = await Shop.open({ store: "sqlite", bus: "memory", data: folder }, databases, false);
  await shop.open();
  await shop.run(makeOrders(1, ORDERS, 0.4), new AbortController().signal, () => {});
  await shop.stop();
  await databases.close();
  const sources = ["order", "payment", "inventory", "shipping"].map(
    (name) => new SqliteSource(join(folder, `${name}.db`)),
  );
  const built = new Projection(join(folder, "built.sqlite"));
  const observer = new Observer({ sources, projection: built, ends: manifestOf(choreography) });
  const cpu = process.cpuUsage();
  began = performance.now();
  const rows = await observer.catchUp();
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (ms: number) => `${Math.round((rows / ms) * 1_000)} rows/s`;
  line(
    `projection of ${rows} rows`,
    perSecond(took),
    `${perSecond((user + system) / 1_000)} of CPU`,
  );
  await Promise.all(sources.map((source) => source.close()));
  built.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
