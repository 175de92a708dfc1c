import { service, type Tx } from "odori";
import {
  orderCancelled,
  orderCompleted,
  orderPlaced,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
} from "./events.ts";

export const order = service<Tx>("order")
  .begins(orderPlaced)
  .on(stockReserved, {
    emits: [orderCompleted],
    handle: ({ data }) => orderCompleted(data),
  })
  .undo(orderPlaced, {
    on: [paymentDeclined, paymentRefunded],
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled(data),
  });
