import fc from "fast-check";
import { type EventContract, type Service, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import {
  authorized,
  cancelled,
  completed,
  declined,
  placed,
  refunded,
  released,
  reservationFailed,
  reserved,
  shipped,
  shippingFailed,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits, type LocalKit } from "../support/kits.ts";
import { MovableClock, silent } from "../support/stage.ts";
import { generator, unruly } from "../support/unruly-bus.ts";

/** How an order is bound to end, by the letter that its id begins with. */
const fate = (orderId: string) => orderId.slice(0, 1);

/** What a service does, and that it now and then fails for a technical reason. */
type Effect = (service: string, tx: unknown, what: string) => void;

/** In a row: payment, inventory, shipping; each undoes when a later one fails. */
function inARow(effect: Effect): readonly Service<unknown, EventContract>[] {
  const order = service<unknown>("order")
    .begins(placed)
    .on(shipped, {
      handle: (event, { tx }) => effect("order", tx, `completed ${event.data.orderId}`),
    })
    .undo(placed, {
      on: [declined, refunded],
      emits: [cancelled],
      handle(event, { tx }) {
        effect("order", tx, `cancelled ${event.data.orderId}`);
        return cancelled(event.data);
      },
    });
  const payment = service<unknown>("payment")
    .on(placed, {
      emits: [authorized],
      fails: [declined],
      handle(event, { tx }) {
        if (fate(event.data.orderId) === "p") return declined(event.data);
        effect("payment", tx, `+${event.data.orderId}`);
        return authorized(event.data);
      },
    })
    .undo(authorized, {
      on: [reservationFailed, released],
      emits: [refunded],
      handle(event, { tx }) {
        effect("payment", tx, `-${event.data.orderId}`);
        return refunded(event.data);
      },
    });
  const inventory = service<unknown>("inventory")
    .on(authorized, {
      emits: [reserved],
      fails: [reservationFailed],
      handle(event, { tx }) {
        if (fate(event.data.orderId) === "i") return reservationFailed(event.data);
        effect("inventory", tx, `+${event.data.orderId}`);
        return reserved(event.data);
      },
    })
    .undo(reserved, {
      on: [shippingFailed],
      emits: [released],
      handle(event, { tx }) {
        effect("inventory", tx, `-${event.data.orderId}`);
        return released(event.data);
      },
    });
  const shipping = service<unknown>("shipping").on(reserved, {
    emits: [shipped],
    fails: [shippingFailed],
    handle(event, { tx }) {
      if (fate(event.data.orderId) === "s") return shippingFailed(event.data);
      effect("shipping", tx, `+${event.data.orderId}`);
      return shipped(event.data);
    },
  });
  return [order, payment, inventory, shipping];
}

/**
 * Side by side: payment and inventory at once, joined by the order; when one fails, the other
 * undoes, even if its step is still to come.
 */
function sideBySide(effect: Effect): readonly Service<unknown, EventContract>[] {
  const order = service<unknown>("order")
    .begins(placed)
    .onAll([authorized, reserved], {
      name: "join",
      emits: [completed],
      firstOf: "end",
      handle([payment], { tx }) {
        effect("order", tx, `completed ${payment.data.orderId}`);
        return completed(payment.data);
      },
    })
    .undo(placed, {
      on: [declined, reservationFailed],
      emits: [cancelled],
      firstOf: "end",
      handle(event, { tx }) {
        effect("order", tx, `cancelled ${event.data.orderId}`);
        return cancelled(event.data);
      },
    });
  const payment = service<unknown>("payment")
    .on(placed, {
      emits: [authorized],
      fails: [declined],
      handle(event, { tx }) {
        if (fate(event.data.orderId) === "p") return declined(event.data);
        effect("payment", tx, `+${event.data.orderId}`);
        return authorized(event.data);
      },
    })
    .undo(authorized, {
      on: [reservationFailed],
      handle: (event, { tx }) => effect("payment", tx, `-${event.data.orderId}`),
    });
  const inventory = service<unknown>("inventory")
    .on(placed, {
      emits: [reserved],
      fails: [reservationFailed],
      handle(event, { tx }) {
        if (fate(event.data.orderId) === "i") return reservationFailed(event.data);
        effect("inventory", tx, `+${event.data.orderId}`);
        return reserved(event.data);
      },
    })
    .undo(reserved, {
      on: [declined],
      handle: (event, { tx }) => effect("inventory", tx, `-${event.data.orderId}`),
    });
  return [order, payment, inventory];
}

/**
 * Runs sagas on an unruly bus with handlers that fail now and then, restarting everything on the
 * way.
 */
async function play(
  kit: LocalKit,
  seed: number,
  servicesOf: typeof inARow,
  fates: readonly string[],
): Promise<void> {
  const random = generator(seed);
  const effect: Effect = (name, tx, what) => {
    kit.effect(name, tx, what);
    if (random() < 0.1) throw new Error("a technical failure, after the row was written");
  };
  const services = servicesOf(effect);
  const orderIds = fates.map((letter, index) => `${letter}${index}`);
  for (const last of [false, true]) {
    const bus = unruly(memoryBus(services), seed + Number(last));
    const apps = await Promise.all(
      services.map((one) =>
        start(one, {
          store: kit.store(one.name),
          bus,
          pollMs: 5,
          leaseMs: 50,
          logger: silent,
          environment: new MovableClock(),
          retry: { attempts: 50, firstMs: 1, longestMs: 3 },
        }),
      ),
    );
    const order = apps.find(({ name }) => name === "order");
    const half = last ? orderIds : orderIds.slice(0, Math.ceil(orderIds.length / 2));
    await Promise.all(half.map((orderId) => order?.begin(orderId, () => placed({ orderId }))));
    if (last)
      await eventually("every order ends", () => kit.effects("order").length, orderIds.length);
    if (last)
      await eventually("all is quiet", async () =>
        (await Promise.all(apps.map((app) => app.health()))).every(isQuiet),
      );
    await Promise.all(apps.map((app) => app.stop()));
    await bus.close();
  }
}

function isQuiet({
  waiting,
  publishing,
  store,
}: {
  waiting: number;
  publishing: number;
  store: { outbox: number; deferred: object } | undefined;
}): boolean {
  return (
    waiting === 0 &&
    publishing === 0 &&
    store?.outbox === 0 &&
    !("retrying" in store.deferred) &&
    !("waiting" in store.deferred)
  );
}

/** Of each effect: how often done less how often undone; and never more than once each. */
function net(effects: readonly string[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  expect(new Set(effects).size).toBe(effects.length);
  for (const what of effects)
    sums.set(what.slice(1), (sums.get(what.slice(1)) ?? 0) + (what.startsWith("+") ? 1 : -1));
  return sums;
}

describe.each(kits)(
  "whole sagas on $name, on a bus that delivers twice, late and in any order",
  ({ name, make }) => {
    const numRuns = name === "memory" ? 60 : 8;
    const fates = (letters: string) =>
      fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 12 });

    it(
      "in a row: a failure at any step leaves nothing; a success leaves one of everything",
      { timeout: 600_000 },
      () =>
        fc.assert(
          fc.asyncProperty(fc.nat(), fates("okpis"), async (seed, letters) => {
            using kit = make();
            await play(kit, seed, inARow, letters);
            const good = (orderId: string) => "ok".includes(fate(orderId));
            const orderIds = letters.map((letter, index) => `${letter}${index}`);
            const expected = orderIds.map(
              (orderId) => `${good(orderId) ? "completed" : "cancelled"} ${orderId}`,
            );
            expect([...kit.effects("order")].sort()).toEqual(expected.sort());
            for (const one of ["payment", "inventory", "shipping"]) {
              const left = net(kit.effects(one));
              for (const orderId of orderIds)
                expect([one, orderId, left.get(orderId) ?? 0]).toEqual([
                  one,
                  orderId,
                  good(orderId) ? 1 : 0,
                ]);
            }
          }),
          { numRuns },
        ),
    );

    it(
      "side by side: a step that fails undoes its sibling, which came before, later or never",
      { timeout: 600_000 },
      () =>
        fc.assert(
          fc.asyncProperty(fc.nat(), fates("okpi"), async (seed, letters) => {
            using kit = make();
            await play(kit, seed, sideBySide, letters);
            const orderIds = letters.map((letter, index) => `${letter}${index}`);
            for (const orderId of orderIds) {
              const kept = "ok".includes(fate(orderId)) ? 1 : 0;
              expect([orderId, net(kit.effects("payment")).get(orderId) ?? 0]).toEqual([
                orderId,
                kept,
              ]);
              expect([orderId, net(kit.effects("inventory")).get(orderId) ?? 0]).toEqual([
                orderId,
                kept,
              ]);
            }
          }),
          { numRuns },
        ),
    );
  },
);
