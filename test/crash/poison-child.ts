/**
 * Runs two services in a process of its own. The handler of the saga `poison` ends the process. It
 * exits by itself once all other sagas are charged and `poison` is parked.
 */
import { join } from "node:path";
import { event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";

const LIMIT_MS = 30_000;
const [folder = "", how = "", begin = ""] = process.argv.slice(2);
const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);

const { promise: begun, resolve: allBegun } = Promise.withResolvers<void>();

const order = service<Sql>("order").begins(placed);
const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS charges (id TEXT)"),
}).on(placed, {
  emits: [charged],
  async handle({ data }, { tx }) {
    tx.run("INSERT INTO charges VALUES (?)", data.orderId);
    if (data.orderId === "poison") {
      await begun;
      if (how === "exit") process.exit(7);
      process.kill(process.pid, "SIGKILL");
    }
    return charged(data);
  },
});
const bus = memoryBus([order, payment, "audience"]);
await bus.subscribe({ group: "audience", topics: [charged.type], inFlightMax: 10 }, async () => {});
const on = (name: string) => ({
  store: sqlite(join(folder, `${name}.db`)),
  bus,
  pollMs: 5,
  leaseMs: 500,
});
const [shop, till] = await Promise.all([start(order, on("order")), start(payment, on("payment"))]);
if (begin !== "")
  await Promise.all(
    [..."abcde", "poison", ..."fghij"].map((id) => shop.begin(id, () => placed({ orderId: id }))),
  );
allBegun();
await eventually(
  "the others are charged, and one is parked",
  async () => {
    const { store } = await till.health();
    return [store?.deferred, (await till.inspect.sagas(100)).length, store?.outbox];
  },
  [{ parked: 1 }, 11, 0],
  LIMIT_MS,
);
await Promise.all([shop.stop(), till.stop()]);
