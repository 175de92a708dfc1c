/* What the examples of the doc comments import as `./services.ts`. */
import { service } from "odori";
import type { MemoryTx } from "odori/memory";
import type { Sql as SqlOfPostgres } from "odori/postgres";
import type { Sql } from "odori/sqlite";
import {
  orderCancelled,
  orderPlaced,
  paymentAuthorized,
  paymentRefunded,
  stockMissing,
  stockReserved,
} from "./contracts.ts";

export const order = service<Sql>("order")
  .begins(orderPlaced)
  .on(paymentRefunded, {
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled({ orderId: data.orderId }),
  });

export const payment = service<Sql>("payment")
  .on(orderPlaced, {
    emits: [paymentAuthorized],
    handle: ({ data }) => paymentAuthorized({ orderId: data.orderId, paymentId: "p-1" }),
  })
  .undo(paymentAuthorized, {
    on: [stockMissing],
    emits: [paymentRefunded],
    handle: ({ data }) => paymentRefunded({ orderId: data.orderId }),
  });

export const stock = service<Sql>("stock").on(paymentAuthorized, {
  emits: [stockReserved],
  fails: [stockMissing],
  handle: ({ data }) => stockReserved({ orderId: data.orderId }),
});

/** The order service on Postgres. */
export const orderPg = service<SqlOfPostgres>("order").begins(orderPlaced);

/** The order service in memory. */
export const orderInMemory = service<MemoryTx>("order").begins(orderPlaced);
