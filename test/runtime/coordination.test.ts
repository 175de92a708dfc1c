import fc from "fast-check";
import { type EventContract, type Service, service } from "odori";
import { describe, expect, it } from "vitest";
import { encodeStored } from "../../src/cloudevents/json.ts";
import { writes } from "../../src/conformance/samples.ts";
import {
  authorized,
  cancelled,
  completed,
  declined,
  expired,
  placed,
  refunded,
  released,
  reserved,
  shipped,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { arrivals, type Happening, playTo } from "../support/happenings.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

describe.each(kits)("coordination on $name", ({ name, make }) => {
  // A restart of a file costs an fsync or two.
  const numRuns = name === "memory" ? 150 : 25;

  const play = <Begins extends EventContract>(
    serviceOf: (kit: Kit) => Service<unknown, Begins>,
    happenings: readonly Happening[],
    check: (stage: Stage<Begins>) => Promise<void> | void,
  ): Promise<void> => {
    const kit = make();
    return playTo(kit, serviceOf(kit), happenings, data, check);
  };

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

  it("a join by itself runs again where another event was gathered meanwhile", async () => {
    const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
    const kit = make();
    let runs = 0;
    const shipping = service<unknown>("shipping").onAll([authorized, reserved], {
      name: "join",
      async handle([payment], { tx }) {
        runs++;
        await opened;
        kit.effect("shipping", tx, payment.data.orderId);
      },
    });
    await using stage = await Stage.open(kit, shipping, { pollMs: 60_000 });
    await stage.hear(envelope(authorized, "s", { orderId: "before" }));
    const joined = stage.hear(envelope(reserved, "s", data));
    await eventually("the handler runs", () => runs, 1);
    // As another process would: what was gathered is replaced.
    const event = envelope(authorized, "s", { orderId: "after" });
    const key = { reaction: "join", sagaId: "s" };
    const { source, id, type } = event;
    const row = { ...key, source, id, type, attempts: 0, delayMs: 0, problem: undefined };
    const body = { malformed: false, text: encodeStored([event]) };
    await kit.store("shipping").transaction(async (tx) => {
      await tx.write(writes({ drop: [{ ...key, state: "gathered" }] }));
      await tx.write(writes({ defer: [{ ...row, state: "gathered", body }] }));
    });
    openGate();
    await joined;
    expect([runs, await stage.effects()]).toEqual([2, ["after"]]);
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
    const property = fc.asyncProperty(arrivals([expired, authorized]), (happenings) =>
      play(order, happenings, async (stage) => {
        expect((await stage.effects()).length).toBe(1);
      }),
    );
    await fc.assert(property, { numRuns });
  });
});
