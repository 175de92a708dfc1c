import { service } from "odori";
import type { Tx } from "../../examples/order/database.ts";
import { Books, setup } from "./books.ts";
import * as c from "./contracts.ts";
import { SILENT, UNREACHABLE } from "./orders.ts";

const books = new Books("1");

export const order = service<Tx>("order", { setup })
  .begins(c.orderPlaced1)
  .on(c.shippingRequested, {
    firstOf: "end",
    handle: ({ data }, context) => books.write(context, data.orderId, "completed"),
  })
  .undo(c.orderPlaced1, {
    on: [c.paymentDeclined, c.paymentRefunded],
    emits: [c.orderCancelled],
    firstOf: "end",
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "cancelled");
      return c.orderCancelled({ orderId });
    },
  });

const payment = service<Tx>("payment", { setup })
  .on(c.orderPlaced1, {
    emits: [c.paymentAuthorized1],
    fails: [c.paymentDeclined],
    async handle({ data }, context) {
      const { orderId } = data;
      if (!(await books.charge(context, data))) return c.paymentDeclined({ orderId });
      return c.paymentAuthorized1({ orderId, paymentId: context.uuid() });
    },
  })
  .undo(c.paymentAuthorized1, {
    on: [c.inventoryMissing, c.inventoryReleased, c.orderCancelled],
    emits: [c.paymentRefunded],
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "refunded");
      return c.paymentRefunded({ orderId });
    },
  });

const inventory = service<Tx>("inventory", { setup })
  .onAll([c.orderPlaced1, c.paymentAuthorized1], {
    name: "reserve",
    emits: [c.inventoryReserved],
    fails: [c.inventoryMissing],
    async handle([{ data }], context) {
      const { orderId } = data;
      const taken = await books.reserve(context, data);
      return taken ? c.inventoryReserved({ orderId }) : c.inventoryMissing({ orderId });
    },
  })
  .undo(c.inventoryReserved, {
    on: [c.shippingFailed],
    emits: [c.inventoryReleased],
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "released");
      return c.inventoryReleased({ orderId });
    },
  });

const shipping = service<Tx>("shipping", { setup })
  .onAll([c.orderPlaced1, c.inventoryReserved], {
    name: "ship",
    emits: [c.shippingRequested, c.shippingAsked],
    fails: [c.shippingFailed],
    async handle([{ data }], context) {
      const { orderId, destination } = data;
      if (destination === UNREACHABLE) return c.shippingFailed({ orderId });
      await books.write(context, orderId, destination === SILENT ? "asked" : "shipped");
      return destination === SILENT
        ? c.shippingAsked({ orderId })
        : c.shippingRequested({ orderId });
    },
  })
  .deadline(c.shippingAsked, {
    after: "400ms",
    unless: [c.shippingRequested],
    emits: [c.shippingFailed],
  });

export const others = [payment, inventory, shipping];
