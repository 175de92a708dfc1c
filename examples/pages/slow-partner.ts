/*
 * A partner that is slow, and fails. The gateway of a bank charges, and its first two answers are
 * lost: one comes too late, one is an error. Payment asks again, always with the event's id as the
 * idempotency key, so the bank charges once. Exactly once holds for what is written through `tx`;
 * for all else there is such a key.
 *
 *   npm run example examples/pages/slow-partner.ts
 */
import { createServer, type ServerResponse } from "node:http";
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { listen } from "../support/listen.ts";
import { quiet } from "../support/quiet.ts";
import { story } from "../support/story.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const orderCompleted = event("order.completed.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);

/** Charges once for each key, and answers the third time that it is asked. */
const charges = new Map<string, string>();
let requests = 0;
const answers: readonly ((response: ServerResponse) => void)[] = [
  () => {},
  (response) => response.writeHead(503).end(),
];
const bank = createServer((request, response) => {
  const key = String(request.headers["idempotency-key"]);
  if (!charges.has(key)) charges.set(key, `charge-${charges.size + 1}`);
  const answer = answers[requests++] ?? (() => response.end(charges.get(key)));
  answer(response);
});
let bankUrl = "";

const order = service<Sql>("order")
  .begins(orderPlaced)
  .on(paymentCharged, { emits: [orderCompleted], handle: ({ data }) => orderCompleted(data) });

const payment = service<Sql>("payment").on(orderPlaced, {
  emits: [paymentCharged],
  async handle({ id, data }, { signal, attempt }) {
    const headers = { "idempotency-key": id };
    const response = await fetch(bankUrl, { method: "POST", headers, signal });
    if (!response.ok) throw new Error(`The bank answers with ${response.status}.`);
    process.stdout.write(`Attempt ${attempt} has an answer: ${await response.text()}\n`);
    return paymentCharged(data);
  },
});

export default choreography("slow_partner", {
  services: [order, payment],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
});

if (import.meta.main) {
  bankUrl = await listen(bank);
  const bus = memoryBus([order, payment]);
  const retry = { firstMs: 1, longestMs: 10 };
  const on = () => ({ store: sqlite(":memory:"), bus, logger: quiet, retry, pollMs: 10 });
  const orders = await start(order, on());
  const apps = [orders, await start(payment, { ...on(), handlerTimeoutMs: 300 })];

  await orders.begin("order-1", () => orderPlaced({ orderId: "order-1" }));
  await story("The saga of the order:", apps, "order-1", { order: orderCompleted });
  process.stdout.write(`The bank was asked ${requests} times, and charged ${charges.size} time.\n`);

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
  bank.close();
}
