import fc from "fast-check";
import { type EventContract, type Service, service } from "odori";
import { describe, expect, it } from "vitest";
import {
  authorized,
  cancelled,
  completed,
  declined,
  expired,
  placed,
  refunded,
  released,
  reservationFailed,
  reserved,
  shipped,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

/** Something that happens to a service: an event, twice maybe, or a restart of the process. */
type Happening = EventContract | "restart";

/** Every order of the events, with duplicates and restarts strewn in. */
function arrivals(contracts: readonly EventContract[]): fc.Arbitrary<readonly Happening[]> {
  const extra = fc.constantFrom<Happening>("restart", ...contracts);
  return fc
    .tuple(
      fc.shuffledSubarray([...contracts], { minLength: contracts.length }),
      fc.array(fc.tuple(fc.nat(contracts.length), extra), { maxLength: 3 }),
    )
    .map(([order, extras]) => {
      const happenings: Happening[] = [...order];
      for (const [index, happening] of extras) happenings.splice(index, 0, happening);
      return happenings;
    });
}

describe.each(kits)("coordination on $name", ({ name, make }) => {
  // A restart of a file costs an fsync or two.
  const numRuns = name === "memory" ? 150 : 25;

  async function play<Begins extends EventContract>(
    serviceOf: (kit: Kit) => Service<unknown, Begins>,
    happenings: readonly Happening[],
    check: (stage: Stage<Begins>) => Promise<void> | void,
  ): Promise<void> {
    const kit = make();
    await using stage = await Stage.open(kit, serviceOf(kit));
    const messages = new Map<EventContract, ReturnType<typeof envelope>>();
    try {
      for (const happening of happenings) {
        if (happening === "restart") await stage.restart();
        else {
          // The same message, when it comes again.
          const message = messages.get(happening) ?? envelope(happening, "s", data);
          messages.set(happening, message);
          await stage.hear(message);
        }
      }
      await check(stage);
    } finally {
    }
  }

  it("a join fires once all its events have come, in every order, across restarts", async () => {
    const shipping = (kit: Kit) =>
      service<unknown>("shipping").onAll([authorized, reserved, placed], {
        name: "join",
        emits: [shipped],
        handle([payment, stock, order], { tx }) {
          kit.effect("shipping", tx, [payment.type, stock.type, order.type].join(" "));
          return shipped(order.data);
        },
      });
    const property = fc.asyncProperty(arrivals([authorized, reserved, placed]), (happenings) =>
      play(shipping, happenings, async (stage) => {
        expect(await stage.effects()).toEqual([
          "payment.authorized.v1 inventory.reserved.v1 order.placed.v1",
        ]);
        await eventually("it is heard of", () => stage.emittedTypes.length, 1);
        expect(await stage.app.inspect.deferred(["gathered"], 10)).toEqual([]);
      }),
    );
    await fc.assert(property, { numRuns });
  });

  it("a join fires with the first event of each type, and not while one is missing", async () => {
    const shipping = (kit: Kit) =>
      service<unknown>("shipping").onAll([authorized, reserved], {
        name: "join",
        emits: [shipped],
        handle([payment, stock], { tx }) {
          kit.effect("shipping", tx, `${payment.data.orderId} ${stock.data.orderId}`);
          return shipped(payment.data);
        },
      });
    const kit = make();
    await using stage = await Stage.open(kit, shipping(kit));
    await stage.hear(envelope(authorized, "s", { orderId: "first" }));
    await stage.hear(envelope(authorized, "s", { orderId: "second" }));
    expect(await stage.effects()).toEqual([]);
    await stage.hear(envelope(reserved, "t", { orderId: "another saga" }));
    expect(await stage.effects()).toEqual([]);
    await stage.hear(envelope(reserved, "s", { orderId: "third" }));
    expect(await stage.effects()).toEqual(["first third"]);
    await stage.hear(envelope(reserved, "s", { orderId: "late" }));
    expect(await stage.effects()).toEqual(["first third"]);
  });

  it("a join's event has one identity, whichever of its causes comes last", async () => {
    const shipping = () =>
      service<unknown>("shipping").onAll([authorized, reserved], {
        name: "join",
        emits: [shipped],
        handle: ([payment]) => shipped(payment.data),
      });
    const ids: string[] = [];
    for (const order of [
      [authorized, reserved],
      [reserved, authorized],
    ]) {
      await play(shipping, order, async (stage) => {
        await eventually("it is emitted", () => stage.emitted.length, 1);
        ids.push(stage.emitted[0]?.id ?? "");
      });
    }
    expect(ids[0]?.slice(14)).toBe(ids[1]?.slice(14));
  });

  it("firstOf: the first decision of a saga wins, a later one takes its late outcome", async () => {
    const order = (kit: Kit) =>
      service<unknown>("order")
        .on(shipped, {
          emits: [completed],
          firstOf: "end",
          handle(event, { tx }) {
            kit.effect("order", tx, "complete");
            return completed(event.data);
          },
        })
        .on(declined, {
          emits: [cancelled],
          firstOf: "end",
          late: { emits: [released], handle: (event) => released(event.data) },
          handle(event, { tx }) {
            kit.effect("order", tx, "cancel");
            return cancelled(event.data);
          },
        });
    const property = fc.asyncProperty(arrivals([shipped, declined]), (happenings) =>
      play(order, happenings, async (stage) => {
        const first = happenings.find((happening) => happening !== "restart");
        expect(await stage.effects()).toEqual([first === shipped ? "complete" : "cancel"]);
        // Declining late says so; completing late has no late outcome, and is silent.
        const expected =
          first === shipped
            ? ["order.completed.v1", "inventory.released.v1"]
            : ["order.cancelled.v1"];
        await eventually("all is heard of", () => stage.emittedTypes.length, expected.length);
        expect(stage.emittedTypes).toEqual(expected);
      }),
    );
    await fc.assert(property, { numRuns });
  });

  it("max: a reaction runs `max` times in a saga, and then takes its late outcome", async () => {
    const payment = (kit: Kit) =>
      service<unknown>("payment").on(declined, {
        emits: [authorized],
        readonly: true,
        max: 2,
        late: { emits: [refunded], handle: (event) => refunded(event.data) },
        handle(event, { tx }) {
          kit.effect("payment", tx, "try again");
          return authorized(event.data);
        },
      });
    const kit = make();
    await using stage = await Stage.open(kit, payment(kit));
    for (let i = 0; i < 2; i++) await stage.hear(envelope(declined, "s", data));
    await stage.restart();
    for (let i = 0; i < 2; i++) await stage.hear(envelope(declined, "s", data));
    await stage.hear(envelope(declined, "t", data));
    expect((await stage.effects()).length).toBe(3);
    await eventually("all is heard of", () => stage.emittedTypes.length, 5);
    expect(stage.emittedTypes).toEqual(
      [authorized, authorized, refunded, refunded, authorized].map(({ type }) => type),
    );
  });

  it("a key tells effects of one name apart, and their undos", async () => {
    const inventory = (kit: Kit) =>
      service<unknown>("inventory")
        .on(placed, {
          emits: [reserved],
          key: (event) => event.data.orderId,
          handle(event, { tx }) {
            kit.effect("inventory", tx, `reserve ${event.data.orderId}`);
            return reserved(event.data);
          },
        })
        .undo(reserved, {
          on: [declined],
          key: (event) => event.data.orderId,
          handle(event, { tx }) {
            kit.effect("inventory", tx, `release ${event.data.orderId}`);
          },
        });
    const kit = make();
    await using stage = await Stage.open(kit, inventory(kit));
    for (const orderId of ["a", "b", "a"]) await stage.hear(envelope(placed, "s", { orderId }));
    for (const orderId of ["b", "b"]) await stage.hear(envelope(declined, "s", { orderId }));
    expect(await stage.effects()).toEqual(["reserve a", "reserve b", "release b"]);
  });

  it("a reaction with several outcomes runs once, and each outcome has its own undo", async () => {
    const payment = (kit: Kit) =>
      service<unknown>("payment")
        .on(placed, {
          emits: [authorized, [reserved, released]],
          handle(event) {
            return event.data.orderId === "o"
              ? [reserved(event.data), released(event.data)]
              : authorized(event.data);
          },
        })
        .undo(released, {
          on: [declined],
          emits: [refunded],
          handle: (event) => refunded(event.data),
        })
        .undo(authorized, {
          on: [declined],
          onEmpty: "silent",
          handle: (_event, { tx }) =>
            kit.effect("payment", tx, "undo of the way that was not taken"),
        });
    await play(payment, [placed, declined], async (stage) => {
      await eventually("all is heard of", () => stage.emittedTypes.length, 3);
      expect(stage.emittedTypes).toEqual([
        "inventory.reserved.v1",
        "inventory.released.v1",
        "payment.refunded.v1",
      ]);
      expect(await stage.effects()).toEqual([]);
    });
  });

  describe("deadlines", () => {
    const order = () =>
      service<unknown>("order")
        .begins(placed)
        .deadline(placed, { after: "15m", unless: [authorized, declined], emits: [expired] });

    async function waiting(play: (stage: Stage<typeof placed>) => Promise<void>): Promise<void> {
      const kit = make();
      await using stage = await Stage.open(kit, order());
      await stage.app.begin("s", () => placed(data));
      await play(stage);
    }
    const armed = (stage: Stage<typeof placed>) => stage.app.inspect.deferred(["armed"], 10);

    it("it fires once when its time has passed, with the payload of what armed it", () =>
      waiting(async (stage) => {
        expect((await armed(stage)).length).toBe(1);
        stage.clock.advance(15 * 60_000);
        await eventually(
          "it fires",
          () => stage.emittedTypes,
          (types) => types.includes("order.expired.v1"),
        );
        expect(stage.emitted.find(({ type }) => type === "order.expired.v1")?.data).toEqual(data);
        stage.clock.advance(60 * 60_000);
        await stage.restart();
        await stage.hear(envelope(authorized, "s", data));
        expect(stage.emittedTypes.filter((type) => type === "order.expired.v1").length).toBe(1);
        expect(await armed(stage)).toEqual([]);
      }));

    it("it survives a restart", () =>
      waiting(async (stage) => {
        await stage.restart();
        stage.clock.advance(15 * 60_000);
        await eventually(
          "it fires",
          () => stage.emittedTypes,
          (types) => types.includes("order.expired.v1"),
        );
      }));

    it("hearing one of unless calls it off, for good", () =>
      waiting(async (stage) => {
        await stage.hear(envelope(authorized, "s", data));
        expect(await armed(stage)).toEqual([]);
        stage.clock.advance(60 * 60_000);
        await stage.restart();
        await stage.hear(envelope(declined, "t", data));
        expect(stage.emittedTypes).not.toContain("order.expired.v1");
        expect(
          (await stage.app.inspect.journal("s")).map(({ disposition }) => disposition),
        ).toEqual(["begun", "disarmed"]);
      }));

    it("what it waits for may come before what arms it", async () => {
      const watcher = () =>
        service<unknown>("watcher").deadline(placed, {
          after: 1_000,
          unless: [authorized],
          emits: [expired],
        });
      const property = fc.asyncProperty(arrivals([placed, authorized]), (happenings) =>
        play(watcher, happenings, async (stage) => {
          stage.clock.advance(2_000);
          await stage.hear(envelope(placed, "other saga", data));
          stage.clock.advance(2_000);
          await eventually("the other saga expires", () => stage.emitted.length > 0);
          expect(stage.emitted.map(({ sagaId }) => sagaId)).toEqual(["other saga"]);
        }),
      );
      await fc.assert(property, { numRuns: Math.ceil(numRuns / 3) });
    });

    it("what the service emits itself arms and calls off, in the same commit", async () => {
      const payment = () =>
        service<unknown>("payment")
          .on(placed, { emits: [authorized], handle: (event) => authorized(event.data) })
          .on(reserved, {
            emits: [completed],
            readonly: true,
            handle: (event) => completed(event.data),
          })
          .deadline(authorized, { after: "1m", unless: [completed], emits: [expired] });
      await play(payment, [placed], async (stage) => {
        expect((await stage.app.inspect.deferred(["armed"], 10)).length).toBe(1);
        await stage.hear(envelope(reserved, "s", data));
        expect(await stage.app.inspect.deferred(["armed"], 10)).toEqual([]);
      });
    });

    it("a handler that fails is retried, and parked in the end", async () => {
      let failures = 0;
      const failing = () =>
        service<unknown>("order")
          .begins(placed)
          .deadline(placed, {
            after: 1,
            unless: [authorized],
            emits: [expired],
            handle(event) {
              if (++failures <= 4) throw new Error("not now");
              return expired(event.data);
            },
          });
      const kit = make();
      await using stage = await Stage.open(kit, failing());
      await stage.app.begin("s", () => placed(data));
      await eventually(
        "it is parked",
        async () => (await stage.app.inspect.deferred(["parked"], 1)).length,
        1,
      );
      const [parked] = await stage.app.inspect.deferred(["parked"], 1);
      expect(parked?.attempts).toBe(3);
      await stage.app.inspect.retry(parked?.seq ?? -1);
      await eventually(
        "it fires after all",
        () => stage.emittedTypes,
        (types) => types.includes("order.expired.v1"),
      );
    });
  });

  it("expired and authorized in any order, with restarts: one decision, never both", async () => {
    const order = (kit: Kit) =>
      service<unknown>("order")
        .on(expired, {
          emits: [cancelled],
          firstOf: "end",
          handle(event, { tx }) {
            kit.effect("order", tx, "cancel");
            return cancelled(event.data);
          },
        })
        .on(authorized, {
          emits: [completed],
          firstOf: "end",
          handle(event, { tx }) {
            kit.effect("order", tx, "complete");
            return completed(event.data);
          },
        });
    const property = fc.asyncProperty(
      arrivals([expired, authorized, reservationFailed].slice(0, 2)),
      (happenings) =>
        play(order, happenings, async (stage) => {
          expect((await stage.effects()).length).toBe(1);
        }),
    );
    await fc.assert(property, { numRuns });
  });
});
