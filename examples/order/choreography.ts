import { choreography } from "odori";
import { orderCancelled, orderPlaced, shippingRequested } from "./contracts.ts";
import { inventory } from "./inventory.ts";
import { order } from "./order.ts";
import { payment } from "./payment.ts";
import { shipping } from "./shipping.ts";

/** The order saga: only read, never run. */
export default choreography("order", {
  services: [order, payment, inventory, shipping],
  begins: [orderPlaced],
  succeeds: [shippingRequested],
  fails: [orderCancelled],
});
