import { event, OdoriError, service, start } from "odori";
import { memoryBus, memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { authorized, cancelled, placed, refunded } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits, memoryKit, sqliteKit } from "../support/kits.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, ManualClock, Stage, silent } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";

const data = { orderId: "o" };
const order = service<unknown>("order").begins(placed);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([78])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.each(kits)("begin on $name", ({ make }) => {
  async function on(play: (stage: Stage<typeof placed>, kit: Kit) => Promise<void>): Promise<void> {
    const kit = make();
    await using stage = await Stage.open(kit, order);
    await play(stage, kit);
  }

  it("commits the business row and the event together, and emits it", () =>
    on(async (stage, kit) => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const begun = await stage.app.begin(
        "s",
        (tx) => {
          kit.effect("order", tx, "placed");
          return placed(data, { subject: "o" });
        },
        { correlationId: "c", traceparent },
      );
      expect(begun).toMatchObject({
        sagaId: "s",
        begun: true,
        event: {
          type: "order.placed.v1",
          sagaId: "s",
          correlationId: "c",
          traceparent,
          subject: "o",
          data,
        },
      });
      expect(begun.event?.id).toMatch(UUID);
      await eventually("it is emitted", () => stage.emitted.length, 1);
      expect(stage.emitted[0]).toEqual(begun.event);
      expect(await stage.effects()).toEqual(["placed"]);
    }));

  it("the same saga twice, one after the other and at once: begun once", () =>
    on(async (stage, kit) => {
      const begin = () =>
        stage.app.begin("s", (tx) => {
          kit.effect("order", tx, "placed");
          return placed(data);
        });
      const begun = [...(await Promise.all([begin(), begin(), begin()])), await begin()];
      expect(begun.map((one) => one.begun)).toEqual([true, false, false, false]);
      await stage.restart();
      expect((await begin()).begun).toBe(false);
      expect(await stage.effects()).toEqual(["placed"]);
    }));

  it("begin-refused: a handler that cannot reach its gateway refuses no beginning", async () => {
    const refusal = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const asking = order.on(authorized, {
      async handle() {
        throw refusal;
      },
    });
    await using stage = await Stage.open(make(), asking);
    const sagas = Array.from({ length: 20 }, (_, n) => `s${n}`);
    const begun = await Promise.all(
      sagas.map(async (saga) => {
        await stage.hear(envelope(authorized, `asked by ${saga}`, data));
        return stage.app.begin(saga, () => placed(data));
      }),
    );
    expect(begun.map(({ begun }) => begun)).toEqual(sagas.map(() => true));
    const parked = async () => (await stage.app.inspect.deferred(["parked"], 99)).length;
    await eventually("each delivery is parked", parked, sagas.length);
    expect((await stage.app.health()).state).toBe("ready");
  });

  it("what the work throws reaches the caller as it is, and nothing is left", () =>
    on(async (stage, kit) => {
      const failure = new Error("out of paper");
      const attempts = Array.from({ length: 10 }, (_, i) =>
        stage.app.begin(`s${i}`, async (tx) => {
          kit.effect("order", tx, `placed ${i}`);
          if (i === 3) throw failure;
          return placed(data);
        }),
      );
      const results = await Promise.allSettled(attempts);
      expect(results.map(({ status }) => status)).toEqual(
        attempts.map((_, i) => (i === 3 ? "rejected" : "fulfilled")),
      );
      await expect(attempts[3]).rejects.toBe(failure);
      expect((await stage.effects()).length).toBe(9);
      expect((await stage.app.inspect.journal("s3")).length).toBe(0);
    }));

  it("inside a transaction that the caller opened: both are kept, or both are lost", () =>
    on(async (stage, kit) => {
      const begin = (sagaId: string, native: NonNullable<unknown>) =>
        stage.app.begin(
          sagaId,
          (tx) => {
            kit.effect("order", tx, `placed ${sagaId}`);
            return placed(data);
          },
          { within: native },
        );
      const failure = new Error("the caller's own failure");
      const lost = kit.ownTransaction("order", async (native) => {
        await begin("lost", native);
        throw failure;
      });
      await expect(lost).rejects.toBe(failure);
      await kit.ownTransaction("order", async (native) => {
        kit.effect("order", native, "the caller's own row");
        expect((await begin("kept", native)).begun).toBe(true);
        expect((await begin("kept", native)).begun).toBe(false);
      });
      await eventually("it is published", () => stage.emitted.length, 1);
      expect(stage.emitted.map(({ sagaId }) => sagaId)).toEqual(["kept"]);
      expect(await stage.effects()).toEqual(["the caller's own row", "placed kept"]);
      expect((await stage.app.inspect.journal("lost")).length).toBe(0);
      expect((await stage.app.begin("kept", () => placed(data))).begun).toBe(false);
    }));

  it("only with what the service begins with", () =>
    on(async (stage) => {
      // What JavaScript allows and the types do not.
      await expect(stage.app.begin("s", () => cancelled(data) as never)).rejects.toMatchObject({
        code: "UNDECLARED_OUTCOME",
      });
      await expect(stage.app.begin("s", () => undefined as never)).rejects.toMatchObject({
        code: "UNDECLARED_OUTCOME",
      });
      for (const id of ["", "a\nb", "x".repeat(257)])
        await expect(stage.app.begin(id, () => placed(data))).rejects.toMatchObject({
          code: "ATTRIBUTE_INVALID",
        });
    }));

  it("too large for the wire: refused when it is enqueued, inside the transaction", async () => {
    const kit = make();
    const large = event("order.placed.v1", z.object({ text: z.string() }));
    await using stage = await Stage.open(kit, service<unknown>("order").begins(large));
    await stage.app.begin("fits", () => large({ text: "x".repeat(60_000) }));
    const refused = stage.app.begin("s", (tx) => {
      kit.effect("order", tx, "placed");
      return large({ text: "x".repeat(70_000) });
    });
    await expect(refused).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(await stage.effects()).toEqual([]);
  });

  it("after stop: refused; stop may be called again", () =>
    on(async (stage) => {
      await Promise.all([stage.app.stop(), stage.app.stop()]);
      await expect(stage.app.begin("s", () => placed(data))).rejects.toMatchObject({
        code: "STOPPED",
      });
      expect((await stage.app.health()).state).toBe("stopped");
    }));
});

describe("running", () => {
  it("stop finishes what is under way", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const kit = memoryKit();
    const slow = service<unknown>("payment").on(placed, {
      emits: [authorized],
      async handle(event, { tx }) {
        begin();
        await released;
        kit.effect("payment", tx, "charged");
        return authorized(event.data);
      },
    });
    await using stage = await Stage.open(kit, slow);
    const heard = stage.hear(envelope(placed, "s", data));
    await begun;
    const stopped = stage.app.stop();
    release();
    await Promise.all([heard, stopped]);
    expect(await stage.effects()).toEqual(["charged"]);
    expect(stage.emittedTypes).toEqual(["payment.authorized.v1"]);
  });

  it("beyond outboxMax, new sagas are refused until the bus takes events again", async () => {
    await using bus = closing(new StrictBus(memoryBus(["order", "payment"])));
    bus.away = true;
    await using app = stopping(
      await start(order, { store: memoryStore(), bus, outboxMax: 5, logger: silent }),
    );
    for (let i = 0; i < 5; i++) await app.begin(`s${i}`, () => placed(data));
    await expect(app.begin("s5", () => placed(data))).rejects.toMatchObject({
      code: "OUTBOX_FULL",
    });
    bus.away = false;
    const heard: string[] = [];
    await bus.subscribe(
      { group: "payment", topics: [placed.type], inFlightMax: 10 },
      async (incoming) => {
        if (!("malformed" in incoming)) heard.push(incoming.sagaId);
      },
    );
    await eventually("all are heard", () => new Set(heard).size, 5);
    await eventually("there is room again", async () => (await app.health()).publishing, 0);
    await app.begin("s5", () => placed(data));
  });

  it("stop does not wait for a bus that takes nothing; the next start publishes", async () => {
    using kit = sqliteKit();
    await using bus = closing(memoryBus(["order", "payment"]));
    const app = await start(order, { store: kit.store("order"), bus, logger: silent });
    await app.begin("s", () => placed(data));
    await app.stop();
    const heard: string[] = [];
    await bus.subscribe(
      { group: "payment", topics: [placed.type], inFlightMax: 10 },
      async (incoming) => {
        if (!("malformed" in incoming)) heard.push(incoming.sagaId);
      },
    );
    await using _again = stopping(
      await start(order, { store: kit.store("order"), bus, logger: silent }),
    );
    await eventually("it is heard", () => heard.length, 1);
  });

  it("a bus that remembers longer than the inbox is refused", async () => {
    const bus = Object.assign(memoryBus(["order"]), {
      guarantees: { order: "none", durable: true, retentionMs: 40 * 24 * 3_600_000 } as const,
    });
    await expect(start(order, { store: memoryStore(), bus })).rejects.toMatchObject({
      code: "RETENTION_TOO_SHORT",
    });
  });

  it("options that make no sense are refused", async () => {
    for (const options of [
      { batchMax: 0 },
      { pollMs: -1 },
      { leaseMs: 1.5 },
      { retry: { attempts: 0 } },
      { retentionMs: Number.NaN },
    ]) {
      await expect(
        start(order, { store: memoryStore(), bus: memoryBus(["order"]), ...options }),
      ).rejects.toMatchObject({
        code: "OPTION_INVALID",
      });
    }
  });

  it("an option that is undefined is not given: its default holds", async () => {
    const undefinedOptions = {
      logger: undefined,
      batchMax: undefined,
      environment: undefined,
      probe: undefined,
      pollMs: undefined,
      retry: { attempts: undefined },
    };
    await using app = stopping(
      await start(order, {
        store: memoryStore(),
        bus: memoryBus(["order"]),
        ...undefinedOptions,
      }),
    );
    expect((await app.begin("s", () => placed(data))).begun).toBe(true);
  });

  it("while the bus takes nothing, the relay waits for the poll interval", async () => {
    await using bus = closing(new StrictBus(memoryBus(["order", "payment"])));
    bus.away = true;
    const store = memoryStore();
    let claims = 0;
    const claim = store.claim.bind(store);
    store.claim = (limit) => {
      claims++;
      return claim(limit);
    };
    const impatient = order.deadline(placed, {
      after: 1,
      unless: [cancelled],
      emits: [authorized],
    });
    const clock = new ManualClock();
    const options = { outboxMax: 1, pollMs: 1_000, logger: silent, environment: clock };
    await using app = stopping(await start(impatient, { store, bus, ...options }));
    await app.begin("s", () => placed(data));
    // The deadline is due from here on, and the outbox has no room for its event.
    clock.advance(1);
    await eventually("the relay has looked and waits", () => claims > 0 && clock.waits(1_000));
    const looked = claims;
    clock.advance(999);
    expect(claims).toBe(looked);
    clock.advance(1);
    await eventually("the relay has looked once more", () => claims, looked + 1);
    await eventually("it waits again", () => clock.waits(1_000));
    expect(claims).toBe(looked + 1);
  });

  it("a group that the bus does not know is refused, and the store is closed again", async () => {
    const store = memoryStore();
    const refused = start(order, { store, bus: memoryBus(["payment"]) });
    await expect(refused).rejects.toMatchObject({
      code: "GROUP_UNKNOWN",
      message: expect.stringContaining('memoryBus(["payment", "order"])'),
    });
  });

  it("setup that fails keeps the service from starting", async () => {
    const broken = service<unknown>("order", {
      setup() {
        throw new OdoriError("OPTION_INVALID", "no such table");
      },
    });
    await expect(
      start(broken, { store: memoryStore(), bus: memoryBus(["order"]) }),
    ).rejects.toThrow("no such table");
  });

  it("derived ids: the same work, the same ids; other work, others", async () => {
    const ids: string[][] = [];
    const time = new Date().toISOString();
    for (const name of ["payment", "payment", "bank"]) {
      const kit = memoryKit();
      const two = service<unknown>(name).on(placed, {
        emits: [[authorized, refunded]],
        handle: (event) => [authorized(event.data), refunded(event.data)],
      });
      await using stage = await Stage.open(kit, two);
      await stage.hear(envelope(placed, "s", data, { id: "cause", time }));
      await eventually("both are emitted", () => stage.emitted.length, 2);
      ids.push(stage.emitted.map(({ id }) => id));
      for (const { id, causationId } of stage.emitted) {
        expect(id).toMatch(UUID);
        expect(causationId).toBe("cause");
      }
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids.flat()).size).toBe(4);
  });
});
