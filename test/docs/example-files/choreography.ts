/* What the examples of the doc comments import as `./choreography.ts`. */
import { choreography } from "odori";
import { orderCancelled, orderPlaced, stockReserved } from "./contracts.ts";
import { order, payment, stock } from "./services.ts";

export default choreography("order", {
  services: [order, payment, stock],
  begins: [orderPlaced],
  succeeds: [stockReserved],
  fails: [orderCancelled],
});
