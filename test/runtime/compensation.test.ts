import { Service, service } from "odori";
import { describe, expect, it } from "vitest";
import { declareUndo } from "../../src/choreography/declare.ts";
import {
  authorized,
  cancelled,
  declined,
  placed,
  refunded,
  released,
  reservationFailed,
  shippingFailed,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

/** Payment: charges, and refunds on either of two failures. */
function payment(kit: Kit) {
  return service<unknown>("payment")
    .on(placed, {
      emits: [authorized],
      fails: [declined],
      handle({ data }, { tx }) {
        if (data.orderId === "poor") return declined(data);
        kit.effect("payment", tx, `charge ${data.orderId}`);
        return authorized(data);
      },
    })
    .undo(authorized, {
      on: [reservationFailed, shippingFailed],
      emits: [refunded],
      handle({ data }, { tx }) {
        kit.effect("payment", tx, `refund ${data.orderId}`);
        return refunded(data);
      },
    });
}

const data = { orderId: "o" };

describe.each(kits)("compensation on $name", ({ make }) => {
  async function on(play: (stage: Stage<never>) => Promise<void>): Promise<void> {
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    await play(stage);
  }
  const dispositions = async (stage: Stage<never>) =>
    (await stage.app.inspect.journal("s")).map(({ disposition }) => disposition);

  it("do, then undo", () =>
    on(async (stage) => {
      await stage.hear(envelope(placed, "s", data));
      await stage.hear(envelope(reservationFailed, "s", data));
      await eventually("both are heard of", () => stage.emittedTypes.length, 2);
      expect(await stage.effects()).toEqual(["charge o", "refund o"]);
      expect(stage.emittedTypes).toEqual(["payment.authorized.v1", "payment.refunded.v1"]);
    }));

  it("undo before do: no refund, the late charge is suppressed, the chain goes on", () =>
    on(async (stage) => {
      await stage.hear(envelope(reservationFailed, "s", data));
      await stage.hear(envelope(placed, "s", data));
      await eventually("the undo answers", () => stage.emittedTypes.length, 1);
      expect(await stage.effects()).toEqual([]);
      expect(stage.emittedTypes).toEqual(["payment.refunded.v1"]);
      expect(await dispositions(stage)).toEqual(["barred", "suppressed"]);
    }));

  it("do after undo, from another cause: suppressed", () =>
    on(async (stage) => {
      await stage.hear(envelope(placed, "s", data));
      await stage.hear(envelope(reservationFailed, "s", data));
      await stage.hear(envelope(placed, "s", data));
      expect(await stage.effects()).toEqual(["charge o", "refund o"]);
      expect((await dispositions(stage)).at(-1)).toBe("suppressed");
    }));

  it("do twice, from two causes: one effect", () =>
    on(async (stage) => {
      await stage.hear(envelope(placed, "s", data));
      await stage.hear(envelope(placed, "s", data));
      expect(await stage.effects()).toEqual(["charge o"]);
    }));

  it("the same message twice: one delivery", () =>
    on(async (stage) => {
      const message = envelope(placed, "s", data);
      await stage.hear(message);
      await stage.hear(message);
      await stage.restart();
      await stage.hear(message);
      expect(await stage.effects()).toEqual(["charge o"]);
      expect(await dispositions(stage)).toEqual(["done"]);
      expect(stage.emittedTypes).toEqual(["payment.authorized.v1"]);
    }));

  it("undo twice, by the same message and by another of its type: one refund", () =>
    on(async (stage) => {
      const failure = envelope(reservationFailed, "s", data);
      await stage.hear(envelope(placed, "s", data));
      await stage.hear(failure);
      await stage.hear(failure);
      await stage.hear(envelope(reservationFailed, "s", data));
      expect(await stage.effects()).toEqual(["charge o", "refund o"]);
      await eventually("all is heard", () => stage.emittedTypes.length, 2);
      expect(stage.emittedTypes).toEqual(["payment.authorized.v1", "payment.refunded.v1"]);
    }));

  it("two triggers at once, in one batch with the step: one refund", () =>
    on(async (stage) => {
      await stage.hear(
        envelope(placed, "s", data),
        envelope(reservationFailed, "s", data),
        envelope(shippingFailed, "s", data),
      );
      expect(await stage.effects()).toEqual(["charge o", "refund o"]);
      expect(await dispositions(stage)).toEqual(["done", "undone", "suppressed"]);
    }));

  it("two triggers and the step in every order: charged and refunded the same", async () => {
    const orders = [
      [placed, reservationFailed, shippingFailed],
      [placed, shippingFailed, reservationFailed],
      [reservationFailed, placed, shippingFailed],
      [shippingFailed, placed, reservationFailed],
      [reservationFailed, shippingFailed, placed],
      [shippingFailed, reservationFailed, placed],
    ];
    for (const order of orders) {
      for (const together of [true, false]) {
        await on(async (stage) => {
          const messages = order.map((contract) => envelope(contract, "s", data));
          if (together) await stage.hear(...messages);
          else for (const message of messages) await stage.hear(message);
          const effects = await stage.effects();
          expect(effects.filter((what) => what === "charge o").length).toBe(
            effects.filter((what) => what === "refund o").length,
          );
          expect(effects.length).toBe(order[0] === placed ? 2 : 0);
          await eventually(
            "the undo answers once",
            () => stage.emittedTypes,
            (types) => types.includes("payment.refunded.v1"),
          );
        });
      }
    }
  });

  it("a failure outcome leaves no effect: there is nothing to undo", () =>
    on(async (stage) => {
      await stage.hear(envelope(placed, "s", { orderId: "poor" }));
      await stage.hear(envelope(reservationFailed, "s", { orderId: "poor" }));
      expect(await stage.effects()).toEqual([]);
      expect(await dispositions(stage)).toEqual(["refused", "barred"]);
    }));

  it("an undo that fails has undone nothing: the next cause tries it again", async () => {
    const kit = make();
    let tries = 0;
    const { declaration, beginnings } = payment(kit);
    // A manifest may say so, and JavaScript; the types of `.undo` have no failures.
    const undo = declareUndo<unknown>("payment.authorized", {
      name: "return the money",
      on: [cancelled],
      emits: [released],
      fails: [declined],
      handle(_event, { tx }) {
        if (++tries === 1) return declined(data);
        kit.effect("payment", tx, "return o");
        return released(data);
      },
    });
    const reactions = [...declaration.reactions, undo];
    const bank = new Service<unknown, never>({ ...declaration, reactions }, beginnings, []);
    await using stage = await Stage.open(kit, bank);
    await stage.hear(envelope(placed, "s", data));
    for (let n = 0; n < 3; n++) await stage.hear(envelope(cancelled, "s", data));
    expect(await stage.effects()).toEqual(["charge o", "return o"]);
    expect(await dispositions(stage)).toEqual(["done", "refused", "undone", "suppressed"]);
  });

  it("sagas do not touch each other", () =>
    on(async (stage) => {
      await stage.hear(
        envelope(placed, "s", data),
        envelope(placed, "t", { orderId: "p" }),
        envelope(reservationFailed, "t", { orderId: "p" }),
      );
      expect([...(await stage.effects())].sort()).toEqual(["charge o", "charge p", "refund p"]);
    }));

  it("a beginning is an effect as well, and is undone once", async () => {
    const kit = make();
    const order = service<unknown>("order")
      .begins(placed)
      .undo(placed, {
        on: [refunded, declined],
        emits: [cancelled],
        handle({ data: { orderId } }, { tx }) {
          kit.effect("order", tx, `cancel ${orderId}`);
          return cancelled({ orderId });
        },
      });
    await using stage = await Stage.open(kit, order);
    await stage.app.begin("s", (tx) => {
      kit.effect("order", tx, "place o");
      return placed(data);
    });
    await stage.hear(envelope(refunded, "s", data));
    await stage.hear(envelope(declined, "s", data));
    expect(await stage.effects()).toEqual(["place o", "cancel o"]);
  });
});
