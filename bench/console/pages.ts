import { statSync } from "node:fs";
import { join } from "node:path";
import { TrafficReader } from "../../src/console/traffic.ts";
import { groupParked, listParked } from "../../src/observer/parked-list.ts";
import { Projection } from "../../src/observer/projection.ts";
import { type SagaListQuery, sagaPage } from "../../src/observer/saga-list.ts";
import { median } from "../harness/statistics.ts";
import type { Figure } from "./figure.ts";
import { BEGAN, judged } from "./judged.ts";

const PAGE = 100;
const ROUNDS = 15;
const BATCH = 5_000;
/** The goal: any page among a million sagas. */
const PAGE_MS = 50;
const BYTES_A_SAGA = 400;

/** How long each page takes among many sagas, and how large their projection is. */
export function pageFigures(folder: string, sagas: number): readonly Figure[] {
  const file = join(folder, "many.sqlite");
  const projection = new Projection(file);
  for (let at = 0; at < sagas; at += BATCH)
    projection.apply({
      sagas: Array.from({ length: Math.min(BATCH, sagas - at) }, (_, n) => judged(at + n)),
      ...{ accounts: [], passages: [], places: [] },
    });
  const among = `${sagas.toLocaleString("en")} sagas`;
  const pages = Object.entries(pagesOf(projection, sagas)).map(([name, read]): Figure => {
    const times = Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      read();
      return performance.now() - start;
    });
    const worst = Math.max(...times);
    const measured = `${median(times).toFixed(1)} ms, at worst ${worst.toFixed(1)}`;
    return {
      ...{ name: `${name}, among ${among}`, measured, goal: `${PAGE_MS} ms` },
      met: median(times) <= PAGE_MS,
    };
  });
  projection.sql.all("PRAGMA wal_checkpoint(TRUNCATE)");
  const bytes = Math.round(statSync(file).size / sagas);
  projection.close();
  const size = `${bytes} B`;
  return [
    ...pages,
    { name: "a saga", measured: size, goal: `${BYTES_A_SAGA} B`, met: bytes <= BYTES_A_SAGA },
  ];
}

function pagesOf(projection: Projection, sagas: number): Readonly<Record<string, () => unknown>> {
  const { sql } = projection;
  const page = (query: Partial<SagaListQuery>) => () => sagaPage(sql, { limit: PAGE, ...query });
  const middle = { began: BEGAN + sagas * 10, id: "" };
  const now = BEGAN + sagas * 20;
  return {
    "first page": page({}),
    "a page in the middle": page({ behind: middle }),
    "500 at once": page({ limit: 500 }),
    "what is stuck": page({ verdicts: ["stuck"] }),
    "four verdicts, in the middle": page({
      ...{ verdicts: ["stuck", "late", "parked", "doomed"], behind: middle },
    }),
    "what waits at a service": page({ at: "service-7" }),
    "what waits for an event at a service": page({ at: "service-7", events: ["order.placed"] }),
    "what waits for an event anywhere": page({ events: ["order.placed"] }),
    "what waits for an event, of a correlation id": page({
      ...{ events: ["order.placed"], correlationId: "web-8" },
    }),
    "a verdict that no saga at a service has": page({ at: "service-7", verdicts: ["succeeded"] }),
    "older than half": page({ beganBy: middle.began }),
    "stuck at a service, older than half": page({
      ...{ at: "service-10", verdicts: ["stuck"], beganBy: middle.began },
    }),
    "a correlation id": page({ correlationId: "web-8" }),
    "the beginning of an id": page({ prefix: "order-0005" }),
    "the beginning of an id, with a rare verdict": page({
      ...{ prefix: "order-0005", verdicts: ["illegal"] },
    }),
    "sums by verdict": () => projection.counts(),
    "the account of events": () => projection.accounts(now),
    "who waits where, on the map": () => new TrafficReader(projection).read(now),
    "what is parked": () => listParked(sql, {}),
    "what is parked, of one code": () => listParked(sql, { code: "CODE_3" }),
    "groups of what is parked": () => groupParked(sql, 500),
  };
}
