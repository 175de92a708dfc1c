import { service } from "odori";
import type { Sql } from "odori/sqlite";
import {
  orderCancelled,
  orderCompleted,
  orderPlaced,
  paymentDeclined,
  paymentRefunded,
  stockReserved,
} from "./events.ts";

export const order = service<Sql>("order")
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
