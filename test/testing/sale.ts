import { choreography, event, type Service, service } from "odori";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";

const payload = z.object({ orderId: z.string() });
export const placed = event("order.placed.v1", payload);
export const charged = event("payment.charged.v1", payload);
export const expired = event("order.expired.v1", payload);
export const data = { orderId: "o-1" };
export const inSqlite = { store: () => sqlite(":memory:") };

/** An order, and the payment of a test. */
export const sale = (payment: Service<Sql>) =>
  choreography("sale", {
    services: [service<Sql>("order").begins(placed), payment],
    begins: [placed],
    succeeds: [charged],
  });
