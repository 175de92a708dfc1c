/*
 * A producer without Odori. A web shop in any language begins the saga: it posts a CloudEvent over
 * HTTP, and a gateway of a few lines puts it on the bus. What the shop sends twice happens once,
 * and what is not an event of a saga is refused.
 *
 *   npm run example examples/pages/foreign-producer.ts
 */
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { choreography, codeOf, event, service, start } from "odori";
import { decodeMessage, HTTP } from "odori/cloudevents";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { listen } from "../support/listen.ts";
import { story } from "../support/story.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);
const shippingRequested = event("shipping.requested.v1", payload);

const payment = service<Sql>("payment").on(orderPlaced, {
  emits: [paymentCharged],
  handle: ({ data }) => paymentCharged(data),
});
const shipping = service<Sql>("shipping").on(paymentCharged, {
  emits: [shippingRequested],
  handle: ({ data }) => shippingRequested(data),
});

/** No service here begins the saga: `order.placed` comes from outside. */
export default choreography("foreign_producer", {
  services: [payment, shipping],
  begins: [orderPlaced],
  succeeds: [shippingRequested],
});

if (import.meta.main) {
  const bus = memoryBus([payment, shipping]);
  const on = () => ({ store: sqlite(":memory:"), bus });
  const apps = await Promise.all([start(payment, on()), start(shipping, on())]);

  const gateway = createServer(async (request, response) => {
    const headers = Object.entries(request.headersDistinct).map(
      ([name, values = []]) => [name, values.join(", ")] as const,
    );
    try {
      const body = await buffer(request);
      await bus.publish([decodeMessage(HTTP, { headers, body }, Date.now())]);
      response.writeHead(202).end();
    } catch (error) {
      response.writeHead(400).end(codeOf(error));
    }
  });
  const url = await listen(gateway);

  /** What the shop does, with nothing but HTTP. */
  async function post(what: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "ce-specversion": "1.0", ...headers },
      body: JSON.stringify({ orderId: "order-1" }),
    });
    process.stdout.write(`${what}: ${response.status} ${await response.text()}\n`);
  }
  const head = { "ce-id": "web-1", "ce-source": "/shop", "ce-type": orderPlaced.type };
  await post("An order", { ...head, "ce-sagaid": "order-1" });
  await post("The same once more", { ...head, "ce-sagaid": "order-1" });
  await post("One without a saga", head);
  await story("\nThe saga of the order:", apps, "order-1", { shipping: paymentCharged });

  gateway.close();
  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
