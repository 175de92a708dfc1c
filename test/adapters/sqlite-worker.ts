/** Handles 300 events on a database that a second process uses at the same time. */
import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";

const [path = "", number = "1"] = process.argv.slice(2);
const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS effects (what TEXT NOT NULL, ballast BLOB)"),
}).on(placed, {
  emits: [authorized],
  handle({ data }, { tx }) {
    tx.run("INSERT INTO effects (what) VALUES (?)", data.orderId);
    return authorized(data);
  },
});
const bus = memoryBus(["payment"]);
const app = await start(payment, { store: sqlite(path), bus, batchMax: 7 });
const events = Array.from({ length: 300 }, (_, i) => ({
  specversion: "1.0" as const,
  id: `e${i}`,
  type: placed.type,
  source: "/order",
  time: "2026-01-02T03:04:05Z",
  sagaId: `saga ${i}`,
  correlationId: `saga ${i}`,
  data: { orderId: `o${i}` },
}));
if (number === "2") events.reverse();
for (let from = 0; from < events.length; from += 20)
  await bus.publish(events.slice(from, from + 20));
// A group that the other process kept waiting may have been set apart, to be handled one by one:
// the bus has its answer then, and the database the rest of the work.
await eventually(
  "nothing is left",
  async () => JSON.stringify((await app.inspect.counts()).deferred),
  "{}",
);
await app.stop();
await bus.close();
