import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { inventoryReserved, shippingFailed, shippingRequested } from "./contracts.ts";

/** No carrier goes there. */
export const UNREACHABLE = "Atlantis";

const setup = (tx: Sql) => tx.exec("CREATE TABLE IF NOT EXISTS shipments (entry INTEGER PRIMARY KEY, order_id TEXT NOT NULL)");

/** Calls the carrier: the last step, after which there is nothing to undo. */
export const shipping = service<Sql>("shipping", { setup }).on(inventoryReserved, {
  emits: [shippingRequested],
  fails: [shippingFailed],
  handle({ data: { orderId, destination } }, { tx, uuid }) {
    if (destination === UNREACHABLE) return shippingFailed({ orderId, destination });
    tx.run("INSERT INTO shipments (order_id) VALUES (?)", orderId);
    return shippingRequested({ orderId, shipmentId: uuid() });
  },
});
