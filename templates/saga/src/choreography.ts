import { choreography } from "odori";
import { orderCancelled, orderCompleted, orderPlaced } from "./events.ts";
import { order } from "./order.ts";
import { payment } from "./payment.ts";
import { stock } from "./stock.ts";

/** The whole dance: what `odori check` proves. A running service knows only its own part. */
export default choreography("order", {
  services: [order, payment, stock],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
  fails: [orderCancelled],
});
