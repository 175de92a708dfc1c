import { service } from "odori";
import { inventoryReserved, orderPlaced, shippingFailed, shippingRequested } from "./contracts.ts";
import { create, run, type Tx } from "./database.ts";

/** No carrier goes there. */
export const UNREACHABLE = "Atlantis";

// No unique constraint: a second shipment would show.
const setup = (tx: Tx) =>
  create(tx, "CREATE TABLE IF NOT EXISTS shipments (order_id TEXT NOT NULL)");

/** Calls the carrier: the last step, after which there is nothing to undo. */
export const shipping = service<Tx>("shipping", { setup }).onAll([orderPlaced, inventoryReserved], {
  name: "ship",
  emits: [shippingRequested],
  fails: [shippingFailed],
  // The order says where to; the reservation says that the goods are there.
  async handle([{ data }], { tx, uuid }) {
    const { orderId, destination } = data;
    if (destination === UNREACHABLE) return shippingFailed({ orderId, reason: "unreachable" });
    await run(tx, "INSERT INTO shipments (order_id) VALUES (?)", orderId);
    return shippingRequested({ orderId, shipmentId: uuid() });
  },
});
