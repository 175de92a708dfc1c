import { service } from "odori";
import { describe, expect, it } from "vitest";
import {
  authorized,
  cancelled,
  declined,
  expired,
  placed,
  reserved,
  shipped,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import type { KitKind } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };
const owners = (...more: readonly (readonly [string, readonly string[]])[]) =>
  new Map<string, readonly string[]>([
    [placed.type, ["/order"]],
    [authorized.type, ["/payment"]],
    [reserved.type, ["/inventory"]],
    ...more,
  ]);
const parkedOf = (stage: Stage<never>) => stage.app.inspect.deferred(["parked"], 100);

export function ownerCases({ name, make }: KitKind): void {
  describe(`an event of a source that does not own it, on ${name}`, () => {
    it("is parked before its handler, unanswered, and retried under other owners", async () => {
      const kit = await make();
      const payment = service<unknown>("payment").on(placed, {
        emits: [authorized],
        onParked: { emits: declined, handle: () => declined(data) },
        async handle(_, { tx }) {
          await kit.effect("payment", tx, "charge");
          return authorized(data);
        },
      });
      await using stage = await Stage.open(kit, payment, { owners: owners() });
      await stage.hear(envelope(placed, "s", data, { source: "/shop", id: "1" }));
      const [parked, ...others] = await parkedOf(stage);
      expect(others).toEqual([]);
      expect(parked).toMatchObject({
        reaction: "order.placed",
        sagaId: "s",
        source: "/shop",
        problem: { code: "SOURCE_UNKNOWN", message: expect.stringContaining("/order") },
      });
      expect([await stage.effects(), stage.emittedTypes]).toEqual([[], []]);

      // The same owners: the retry parks it again, and what comes behind it waits.
      await stage.app.inspect.retry(parked?.seq ?? 0);
      await eventually("it is parked again", async () => (await parkedOf(stage)).length, 1);
      await stage.restart({ owners: owners([placed.type, ["/order", "/shop"]]) });
      await stage.app.inspect.retry(parked?.seq ?? 0);
      await eventually("it is handled", () => stage.emittedTypes, [authorized.type]);
      expect(await stage.effects()).toEqual(["charge"]);
      expect(await parkedOf(stage)).toEqual([]);
    });

    it("fails no saga by a payload that cannot be read", async () => {
      const kit = await make();
      const payment = service<unknown>("payment").on(placed, {
        emits: [authorized],
        onParked: { emits: declined, handle: () => declined(data) },
        handle: () => authorized(data),
      });
      await using stage = await Stage.open(kit, payment, { owners: owners() });
      const head = { specversion: "1.0", id: "1", type: placed.type, sagaid: "s" };
      const text = JSON.stringify({ ...head, source: "/shop", data: { orderId: "\u0000" } });
      await stage.bus.inject(placed.type, text);
      const [parked] = await parkedOf(stage);
      expect(parked?.problem?.code).toBe("SOURCE_UNKNOWN");
      expect(stage.emittedTypes).toEqual([]);
      // From the owner the same payload is answered, as it always was.
      await stage.bus.inject(placed.type, text.replace("/shop", "/order").replace('"s"', '"t"'));
      await eventually("it is answered", () => stage.emittedTypes, [declined.type]);
    });

    it("neither arms nor calls off a deadline, until it is retried", async () => {
      const kit = await make();
      const order = service<unknown>("payment").deadline(placed, {
        after: "1h",
        unless: [authorized],
        emits: [expired],
      });
      await using stage = await Stage.open(kit, order, { owners: owners() });
      await stage.hear(envelope(placed, "s", data, { source: "/shop" }));
      expect((await parkedOf(stage)).map(({ reaction }) => reaction)).toEqual([
        "watch deadline order.expired",
      ]);
      expect(await stage.app.inspect.deferred(["armed"], 10)).toEqual([]);
      // A start counts the parked row to a part that it knows, and refuses nothing.
      await stage.restart({ owners: new Map() });
      for (const { seq } of await parkedOf(stage)) await stage.app.inspect.retry(seq);
      const armed = () => stage.app.inspect.deferred(["armed"], 10);
      await eventually("it is armed", async () => (await armed()).length, 1);
      expect(await stage.app.inspect.deferred(["retrying", "parked"], 10)).toEqual([]);
      await stage.hear(envelope(authorized, "s", data, { source: "/payment" }));
      expect(await armed()).toEqual([]);
    });

    it("is heard if its type is not listed, or of any version that has the owner", async () => {
      const kit = await make();
      const stock = service<unknown>("payment")
        .on(cancelled, { emits: [shipped], handle: () => shipped(data) })
        .on(placed, { emits: [reserved], handle: () => reserved(data) });
      const other = new Map([["order.placed.v7", ["/order"]]]);
      await using stage = await Stage.open(kit, stock, { owners: other });
      await stage.hear(envelope(cancelled, "s", data, { source: "https://elsewhere.example" }));
      await stage.hear(envelope(placed, "t", data, { source: "/order" }));
      await stage.hear(envelope(placed, "u", data, { source: "/x" }));
      await eventually("two are handled", () => stage.emittedTypes, [shipped.type, reserved.type]);
      expect((await parkedOf(stage)).map(({ sagaId }) => sagaId)).toEqual(["u"]);
    });

    it("inbox-poison: takes neither the identity nor the place of another event", async () => {
      const kit = await make();
      let fired = 0;
      const shipping = service<unknown>("payment").onAll([authorized, reserved], {
        name: "ship",
        emits: [shipped],
        handle: () => {
          fired++;
          return shipped(data);
        },
      });
      await using stage = await Stage.open(kit, shipping, { owners: owners() });
      const from = (source: string, id: string) => ({ source, id });
      // Inventory poses as payment, with the identity of the event that payment is about to emit.
      await stage.hear(envelope(reserved, "s", data, from("/payment", "a1")));
      expect((await parkedOf(stage)).map(({ problem }) => problem?.code)).toEqual([
        "SOURCE_UNKNOWN",
      ]);
      for (const { seq } of await parkedOf(stage))
        await stage.app.inspect.discard(seq, "inventory posed as payment");
      await stage.hear(envelope(authorized, "s", data, from("/payment", "a1")));
      await stage.hear(envelope(reserved, "s", data, from("/inventory", "b1")));
      await eventually("the join fires", () => fired, 1);
      await stage.hear(envelope(authorized, "t", data, from("/anybody", "x1")));
      await stage.hear(envelope(reserved, "t", data, from("/stranger", "x2")));
      expect(fired).toBe(1);
    });
  });
}
