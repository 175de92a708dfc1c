import { service } from "odori";
import { inventoryReserved, shippingFailed, shippingRequested } from "./contracts.ts";
import { create, run, type Tx } from "./database.ts";

/** No carrier goes there. */
export const UNREACHABLE = "Atlantis";

// No unique constraint: a second shipment would show.
const setup = (tx: Tx) =>
  create(tx, "CREATE TABLE IF NOT EXISTS shipments (order_id TEXT NOT NULL)");

/** Calls the carrier: the last step, after which there is nothing to undo. */
export const shipping = service<Tx>("shipping", { setup }).on(inventoryReserved, {
  emits: [shippingRequested],
  fails: [shippingFailed],
  async handle({ data: { orderId, destination } }, { tx, uuid }) {
    if (destination === UNREACHABLE) return shippingFailed({ orderId, destination });
    await run(tx, "INSERT INTO shipments (order_id) VALUES (?)", orderId);
    return shippingRequested({ orderId, shipmentId: uuid() });
  },
});
