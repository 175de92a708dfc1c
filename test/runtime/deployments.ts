import { event } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type Change,
  chargeKeyed,
  chargeRenamed,
  chargeSecond,
  chargeV1,
  chargeV2,
  data,
  payment,
  secondWithoutUndo,
} from "../support/charges.ts";
import {
  authorized,
  cancelled,
  completed,
  expired,
  placed,
  refunded,
  reservationFailed,
  reserved,
  shipped,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import type { KitKind, LocalKit, RemoteKit } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

/*
 * A service is deployed, and rolled back, with sagas in flight. The names of the tests name the
 * cases that were found in the field.
 */

/** Plays half of a saga with one version, and turns it back with another. */
async function across(
  kit: LocalKit | RemoteKit,
  was: Change,
  next: Change,
  check: (stage: Stage<never>) => unknown,
): Promise<void> {
  await using stage = await Stage.open(kit, was(kit));
  const first = envelope(placed, "s", data);
  await stage.hear(first);
  await stage.deploy(next(kit), { onHazard: "warn" });
  await stage.hear(first);
  expect(await stage.effects()).toEqual(["charge"]);
  await stage.hear(envelope(reservationFailed, "s", data));
  await check(stage);
}

const parkedCodes = async (stage: Stage<never>) =>
  (await stage.app.inspect.deferred(["parked"], 9)).map(({ problem }) => problem?.code);

async function isUndone(stage: Stage<never>): Promise<void> {
  await eventually("it is refunded", () => stage.emittedTypes.includes(refunded.type));
  expect(await stage.effects()).toEqual(["charge", "refund"]);
}

async function isParked(stage: Stage<never>): Promise<void> {
  expect(await parkedCodes(stage)).toEqual(["EFFECT_UNKNOWN"]);
  expect(await stage.effects()).toEqual(["charge"]);
  expect(stage.emittedTypes).not.toContain(refunded.type);
}

/** What holds for a deployment on each kind of databases. */
export function deploymentCases({ name, make }: KitKind): void {
  describe(`a deployment with sagas in flight on ${name}`, () => {
    it.each([
      ["the next version of its event (effect-renamed-in-flight)", chargeV1, chargeV2],
      ["a rollback to the version before", chargeV2, chargeV1],
      ["other names, which say what they were", chargeV1, chargeRenamed],
      ["a rollback to the old names", chargeRenamed, chargeV1],
    ])("undoes an effect across %s", async (_, before, after) =>
      across(await make(), before, after, isUndone),
    );

    it.each([
      ["an undo of the outcome's second event", secondWithoutUndo, chargeSecond],
      ["a key that is added", chargeV1, chargeKeyed],
      ["a key that is removed", chargeKeyed, chargeV1],
    ])(
      "parks an undo that finds no mark, and never says that it is done: %s",
      async (_, before, after) => across(await make(), before, after, isParked),
    );

    it("a message that comes again is known across versions of its event", async () => {
      const kit = await make();
      const placed2 = event("order.placed.v2", z.object({ orderId: z.string(), n: z.number() }), {
        from: [placed, (old) => ({ ...old, n: 1 })],
      });
      const counting = (heard: typeof placed | typeof placed2) =>
        payment().on(heard, {
          emits: [completed],
          async handle(_, { tx }) {
            await kit.effect("payment", tx, "counted");
            return completed(data);
          },
        });
      await using stage = await Stage.open(kit, counting(placed));
      const first = envelope(placed, "s", data);
      await stage.hear(first);
      await stage.deploy(counting(placed2));
      await stage.hear(first, { ...first, type: placed2.type, data: { ...data, n: 2 } });
      await stage.deploy(counting(placed));
      await stage.hear(first);
      expect(await stage.effects()).toEqual(["counted"]);
      // The journal shows what was heard, and not what it was read as.
      expect(await stage.app.inspect.journal("s")).toMatchObject([{ type: placed.type }]);
    });

    it("undoes what was parked as unknown, once the names are right", async () => {
      const kit = await make();
      await across(kit, secondWithoutUndo, chargeSecond, async (stage) => {
        await isParked(stage);
        await stage.deploy(chargeSecond(kit, ["payment.authorized"]), { onHazard: "warn" });
        const [row] = await stage.app.inspect.deferred(["parked"], 9);
        await stage.app.inspect.retry(row?.seq ?? 0);
        await isUndone(stage);
      });
    });

    it("a reaction that hears one event more stays the same (default-name-changes)", async () => {
      const kit = await make();
      let fails = false;
      const stats = (...more: readonly (typeof placed | typeof cancelled | typeof expired)[]) =>
        payment().on([placed, cancelled, ...more], {
          name: "count",
          readonly: true,
          emits: [completed],
          async handle(_, { tx }) {
            if (fails) throw new Error("passing");
            await kit.effect("payment", tx, "counted");
            return completed(data);
          },
        });
      const options = { retry: { attempts: 9, firstMs: 60_000, longestMs: 60_000 } };
      await using stage = await Stage.open(kit, stats(), options);
      const first = envelope(placed, "s-1", data);
      await stage.hear(first);
      fails = true;
      await stage.hear(envelope(placed, "s-2", data));
      fails = false;
      await stage.deploy(stats(expired));
      await stage.hear(first);
      await stage.advance(120_000);
      await eventually("the retry is done", async () => (await stage.effects()).length, 2);
      expect(await parkedCodes(stage)).toEqual([]);
      await stage.deploy(stats());
      await stage.hear(first);
      expect(await stage.effects()).toHaveLength(2);
    });

    it("a join whose events change their order, or lose one, fires what is complete", async () => {
      const kit = await make();
      const before = payment().onAll([authorized, reserved, completed], {
        name: "ship",
        readonly: true,
        emits: [shipped],
        handle: ([first]) => shipped(first.data),
      });
      const reordered = payment().onAll([completed, reserved, authorized], {
        name: "ship",
        readonly: true,
        emits: [shipped],
        handle: ([first]) => shipped(first.data),
      });
      const fewer = payment().onAll([reserved, authorized], {
        name: "ship",
        readonly: true,
        emits: [shipped],
        handle: ([first]) => shipped(first.data),
      });
      await using stage = await Stage.open(kit, before);
      await stage.hear(envelope(authorized, "reordered", data));
      await stage.hear(envelope(authorized, "fewer", data), envelope(reserved, "fewer", data));
      await stage.deploy(reordered);
      await stage.hear(envelope(reserved, "reordered", data));
      await stage.hear(envelope(completed, "reordered", data));
      await eventually("the reordered join has fired", () => stage.emitted.length, 1);
      await stage.deploy(fewer);
      await eventually("the complete one has fired", () => stage.emitted.length, 2);
    });

    it("an optional event of a join is there if it came, and not waited for", async () => {
      const kit = await make();
      const old = payment().onAll([authorized, reserved], {
        name: "ship",
        readonly: true,
        emits: [shipped],
        handle: ([first]) => shipped(first.data),
      });
      const seen: (string | undefined)[] = [];
      const wider = payment().onAll([completed, authorized, reserved], {
        name: "ship",
        optional: [completed],
        readonly: true,
        emits: [shipped],
        handle([extra, first]) {
          seen.push(extra?.data.orderId);
          return shipped(first.data);
        },
      });
      await using stage = await Stage.open(kit, old);
      await stage.hear(envelope(authorized, "in flight", data));
      await stage.deploy(wider);
      await stage.hear(envelope(reserved, "in flight", data));
      await stage.hear(envelope(authorized, "new", data), envelope(completed, "new", data));
      await stage.hear(envelope(reserved, "new", data));
      await eventually("both have fired", () => stage.emitted.length, 2);
      expect(seen).toEqual([undefined, "o"]);
    });

    it("firstOf that is renamed keeps its winner: never completed and cancelled", async () => {
      const kit = await make();
      const order = (firstOf: string | { name: string; was: readonly string[] }) =>
        payment()
          .on(authorized, {
            firstOf,
            readonly: true,
            emits: [completed],
            handle: () => completed(data),
          })
          .on(expired, {
            firstOf,
            readonly: true,
            emits: [cancelled],
            handle: () => cancelled(data),
          });
      await using stage = await Stage.open(kit, order("end"));
      await stage.hear(envelope(authorized, "s", data));
      await stage.deploy(order({ name: "ending", was: ["end"] }));
      await stage.hear(envelope(expired, "s", data));
      await stage.deploy(order("end"));
      await stage.hear(envelope(expired, "s", data));
      await eventually("one end is emitted", () => stage.emittedTypes, [completed.type]);
      const ends = (await stage.app.inspect.journal("s")).map(({ disposition }) => disposition);
      expect(ends).toEqual(["done", "late", "late"]);
    });
  });
}
