import { event, type Service, service } from "odori";
import { z } from "zod";
import { authorized, placed, refunded, reservationFailed } from "./contracts.ts";
import type { Kit } from "./kits.ts";

/* One service in versions that follow each other: it charges, and gives back what it charged. */

const payload = z.object({ orderId: z.string() });
const authorized2 = event("payment.authorized.v2", payload.extend({ currency: z.string() }));
const logged = event("payment.logged.v1", payload);
const charged = event("payment.charged.v1", payload);
export const data = { orderId: "o" };
export type AnyService = Service<unknown, never>;
export type Change = (kit: Kit) => AnyService;

export const payment = (retired: Record<string, string> = {}) =>
  service<unknown>("payment", { retired });
async function take<T>(kit: Kit, tx: unknown, returned: T): Promise<T> {
  await kit.effect("payment", tx, "charge");
  return returned;
}
const giveBack = async (kit: Kit, tx: unknown) => {
  await kit.effect("payment", tx, "refund");
  return refunded(data);
};

/** Charges, and refunds when the goods are missing. */
export const chargeV1: Change = (kit) =>
  payment()
    .on(placed, {
      emits: [authorized],
      handle: (_, { tx }) => take(kit, tx, authorized(data)),
    })
    .undo(authorized, {
      on: [reservationFailed],
      emits: [refunded],
      handle: (_, { tx }) => giveBack(kit, tx),
    });
export const chargeV2: Change = (kit) =>
  payment()
    .on(placed, {
      emits: [authorized2],
      handle: (_, { tx }) => take(kit, tx, authorized2({ ...data, currency: "JPY" })),
    })
    .undo(authorized2, {
      on: [reservationFailed],
      emits: [refunded],
      handle: (_, { tx }) => giveBack(kit, tx),
    });
/** The effect, the reaction and the undo have other names, and say which they had. */
export const chargeRenamed: Change = (kit) =>
  payment()
    .on(placed, {
      name: "charge",
      was: ["order.placed"],
      effect: { name: "charge", was: ["payment.authorized"] },
      emits: [charged],
      handle: (_, { tx }) => take(kit, tx, charged(data)),
    })
    .undo("charge", {
      name: "refund",
      was: ["undo payment.authorized"],
      on: [reservationFailed],
      emits: [refunded],
      handle: (_, { tx }) => giveBack(kit, tx),
    });
/** An undo for the second event of an outcome, which names the effect from now on. */
export const chargeSecond = (kit: Kit, was: readonly string[] = []): AnyService =>
  payment()
    .on(placed, {
      effect: { name: "payment.logged", was },
      emits: [[authorized, logged]],
      handle: (_, { tx }) => take(kit, tx, [authorized(data), logged(data)]),
    })
    .undo(logged, {
      on: [reservationFailed],
      emits: [refunded],
      handle: (_, { tx }) => giveBack(kit, tx),
    });
export const chargeKeyed: Change = (kit) =>
  payment()
    .on(placed, {
      emits: [authorized],
      key: (one) => one.data.orderId,
      handle: (_, { tx }) => take(kit, tx, authorized(data)),
    })
    .undo(authorized, {
      on: [reservationFailed],
      emits: [refunded],
      key: (one) => one.data.orderId,
      handle: (_, { tx }) => giveBack(kit, tx),
    });
export const chargeReadonly: Change = (kit) =>
  payment().on(placed, {
    readonly: true,
    emits: [authorized],
    handle: (_, { tx }) => take(kit, tx, authorized(data)),
  });

export function secondWithoutUndo(kit: Kit): AnyService {
  return payment().on(placed, {
    emits: [[authorized, logged]],
    handle: (_, { tx }) => take(kit, tx, [authorized(data), logged(data)]),
  });
}

export function withoutUndo(kit: Kit): AnyService {
  return payment().on(placed, {
    emits: [authorized],
    handle: (_, { tx }) => take(kit, tx, authorized(data)),
  });
}
