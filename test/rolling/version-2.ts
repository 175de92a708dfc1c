import { service } from "odori";
import { all, type Tx } from "../../examples/order/database.ts";
import { Books, setup } from "./books.ts";
import * as c from "./contracts.ts";
import { SILENT, UNREACHABLE } from "./orders.ts";

/*
 * The second version: each part that keeps state has another name and says what it was, two events
 * have their next version, a deadline and a reaction are new, and the members of the joins are in
 * another order, one of them new.
 */

const books = new Books("2");
const end = { name: "outcome", was: ["end"] };

export const order = service<Tx>("order", { setup })
  .begins(c.orderPlaced2)
  .on(c.shippingRequested, {
    name: "complete",
    was: ["shipping.requested"],
    firstOf: end,
    handle: ({ data }, context) => books.write(context, data.orderId, "completed"),
  })
  .undo(c.orderPlaced2, {
    name: "cancel",
    was: ["undo order.placed"],
    on: [c.paymentDeclined, c.paymentRefunded],
    emits: [c.orderCancelled],
    firstOf: end,
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "cancelled");
      return c.orderCancelled({ orderId });
    },
  })
  .deadline(c.orderPlaced2, {
    after: "600ms",
    unless: [c.shippingRequested, c.orderCancelled],
    emits: [c.orderDelayed],
    async handle({ data: { orderId } }, context) {
      const deeds = await all(context.tx, "SELECT deed FROM deeds WHERE order_id = ?", orderId);
      const ended = deeds.some(({ deed }) => deed === "completed" || deed === "cancelled");
      // A deadline has no attempt of its own.
      const where = { tx: context.tx, attempt: 1 };
      await books.write(where, orderId, ended ? "delayed too late" : "delayed");
      return c.orderDelayed({ orderId });
    },
  });

const payment = service<Tx>("payment", { setup })
  .on(c.orderPlaced2, {
    name: "charge",
    was: ["order.placed"],
    effect: { name: "charge", was: ["payment.authorized"] },
    emits: [c.paymentAuthorized2],
    fails: [c.paymentDeclined],
    async handle({ data }, context) {
      const { orderId } = data;
      if (!(await books.charge(context, data))) return c.paymentDeclined({ orderId });
      return c.paymentAuthorized2({ orderId, paymentId: context.uuid(), method: "card" });
    },
  })
  .on(c.orderPlaced2, {
    name: "score",
    emits: [c.paymentScored],
    async handle({ data: { orderId } }, context) {
      await books.flaky(context, orderId, "scored", 3);
      await books.write(context, orderId, "scored");
      return c.paymentScored({ orderId });
    },
  })
  .undo("charge", {
    name: "refund",
    was: ["undo payment.authorized"],
    on: [c.inventoryMissing, c.inventoryReleased, c.orderCancelled],
    emits: [c.paymentRefunded],
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "refunded");
      return c.paymentRefunded({ orderId });
    },
  });

const inventory = service<Tx>("inventory", { setup })
  .onAll([c.paymentAuthorized2, c.orderPlaced2], {
    name: "set aside",
    was: ["reserve"],
    emits: [c.inventoryReserved],
    fails: [c.inventoryMissing],
    async handle([, { data }], context) {
      const { orderId } = data;
      const taken = await books.reserve(context, data);
      return taken ? c.inventoryReserved({ orderId }) : c.inventoryMissing({ orderId });
    },
  })
  .undo(c.inventoryReserved, {
    name: "put back",
    was: ["undo inventory.reserved"],
    on: [c.shippingFailed],
    emits: [c.inventoryReleased],
    async handle({ data: { orderId } }, context) {
      await books.write(context, orderId, "released");
      return c.inventoryReleased({ orderId });
    },
  });

const shipping = service<Tx>("shipping", { setup })
  .onAll([c.inventoryReserved, c.paymentScored, c.orderPlaced2], {
    name: "send",
    was: ["ship"],
    optional: [c.paymentScored],
    emits: [c.shippingRequested, c.shippingAsked],
    fails: [c.shippingFailed],
    async handle([, , { data }], context) {
      const { orderId, destination } = data;
      if (destination === UNREACHABLE) return c.shippingFailed({ orderId });
      await books.write(context, orderId, destination === SILENT ? "asked" : "shipped");
      return destination === SILENT
        ? c.shippingAsked({ orderId })
        : c.shippingRequested({ orderId });
    },
  })
  .deadline(c.shippingAsked, {
    name: "no reply",
    was: ["deadline shipping.failed"],
    after: "400ms",
    unless: [c.shippingRequested],
    emits: [c.shippingFailed],
  });

export const others = [payment, inventory, shipping];
