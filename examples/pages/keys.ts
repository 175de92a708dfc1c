/*
 * Several effects of one name. An order has two lines, and stock handles each as an effect of its
 * own, told apart by `key`: a line that comes twice is reserved once, and a line that is sold out
 * is refunded, while the other one is kept.
 *
 *   npm run example examples/pages/keys.ts
 */
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { story } from "../support/story.ts";

const placed = z.object({ orderId: z.string(), skus: z.tuple([z.string(), z.string()]) });
const line = z.object({ orderId: z.string(), sku: z.string() });
const orderPlaced = event("order.placed.v1", placed);
const orderAccepted = event("order.accepted.v1", z.object({ orderId: z.string() }));
const orderLineAdded = event("order.line_added.v1", line);
const stockReserved = event("stock.reserved.v1", line);
const stockSoldOut = event("stock.sold_out.v1", line);
const paymentLineRefunded = event("payment.line_refunded.v1", line);

const order = service<Sql>("order")
  .begins(orderPlaced)
  .on(orderPlaced, {
    readonly: true,
    // The three are emitted together.
    emits: [[orderAccepted, orderLineAdded, orderLineAdded]],
    handle({ data: { orderId, skus } }) {
      const [first, second] = skus;
      return [
        orderAccepted({ orderId }),
        orderLineAdded({ orderId, sku: first }),
        orderLineAdded({ orderId, sku: second }),
      ];
    },
  });

const stock = service<Sql>("stock").on(orderLineAdded, {
  // Without it, the second line would be suppressed: its effect would be done already.
  key: ({ data }) => data.sku,
  emits: [stockReserved],
  fails: [stockSoldOut],
  handle: ({ data }) => (data.sku === "moon" ? stockSoldOut(data) : stockReserved(data)),
});

const payment = service<Sql>("payment").on(stockSoldOut, {
  key: ({ data }) => data.sku,
  emits: [paymentLineRefunded],
  handle: ({ data }) => paymentLineRefunded(data),
});

export default choreography("keys", {
  services: [order, stock, payment],
  begins: [orderPlaced],
  succeeds: [orderAccepted],
  external: [stockReserved, paymentLineRefunded],
});

if (import.meta.main) {
  const bus = memoryBus([order, stock, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus });
  const orders = await start(order, on());
  const apps = [orders, await start(stock, on()), await start(payment, on())];
  const begin = (orderId: string, skus: [string, string]) =>
    orders.begin(orderId, () => orderPlaced({ orderId, skus }));

  const lines = [orderLineAdded, orderLineAdded];
  await begin("order-1", ["fan", "drum"]);
  await story("A fan and a drum:", apps, "order-1", { stock: lines });
  await begin("order-2", ["fan", "moon"]);
  await story("A fan and the moon:", apps, "order-2", {
    stock: lines,
    payment: paymentLineRefunded,
  });
  await begin("order-3", ["fan", "fan"]);
  await story("The same line twice:", apps, "order-3", { stock: lines });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
