/**
 * One process of a service that begins sagas, on a bus that accepts an event when the test says so.
 * Until then all of it is in the hands of this process, which the test stops, stalls or kills.
 */
import { existsSync } from "node:fs";
import { type Bus, type Store, service, start } from "odori";
import { postgres } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import { placed } from "../support/contracts.ts";
import type { Order, Report } from "./living.ts";

const [place = "", schema = "", lease = ""] = process.argv.slice(2);
const POLL_MS = 20;

const say = (report: Report) => void process.send?.(report);
let accept: () => void = () => {};
const accepted = new Promise<void>((resolve) => {
  accept = resolve;
});

const bus: Bus = {
  guarantees: { order: "none", durable: true },
  async publish(events) {
    say({ published: events.map(({ sagaId }) => sagaId) });
    await accepted;
    return events.map(() => ({ accepted: true }) as const);
  },
  subscribe: async () => ({ check: async () => {}, close: async () => {} }),
  close: async () => {},
};

await (schema === "" ? run(sqlite(place)) : run(postgres({ connectionString: place, schema })));

async function run<Native>(store: Store<Native>): Promise<void> {
  const claim = store.claim.bind(store);
  let looks = 0;
  store.claim = async (...values) => {
    const claimed = await claim(...values);
    say({ looks: ++looks });
    return claimed;
  };
  const app = await start(service<Native>("order").begins(placed), {
    store,
    bus,
    pollMs: POLL_MS,
    ...(lease === "" ? {} : { leaseMs: Number(lease) }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  process.on("message", async ({ begin, stall, accept: accepts }: Order) => {
    for (const sagaId of begin ?? []) await app.begin(sagaId, () => placed({ orderId: sagaId }));
    if (begin !== undefined) say({ begun: true });
    if (stall !== undefined) stallUntil(stall);
    if (accepts === true) accept();
  });
  setInterval(async () => {
    const { takenOver, lost, store: counts } = await app.health();
    say({ health: { takenOver, lost, outbox: counts?.outbox } });
  }, POLL_MS);
  process.once("disconnect", () => process.exit());
  say({ ready: true });
}

/** Keeps the event loop from turning until a file exists. */
function stallUntil(file: string): void {
  say({ stalls: true });
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(file)) Atomics.wait(cell, 0, 0, POLL_MS);
}
