import { event, PermanentError, RetryAfter, service } from "odori";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { authorized, declined, placed, refunded, reserved } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

describe.each(kits)("failures on $name", ({ make }) => {
  /** A service whose handler fails while `broken` returns an error. */
  function fixture() {
    const kit = make();
    const state: { broken: ((orderId: string) => unknown) | undefined; attempts: number[] } = {
      broken: undefined,
      attempts: [],
    };
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      key: (event) => event.data.orderId,
      async handle(event, { tx, attempt }) {
        kit.effect("payment", tx, `charge ${event.data.orderId}`);
        state.attempts.push(attempt);
        const failure = state.broken?.(event.data.orderId);
        if (failure !== undefined) throw failure;
        return authorized(event.data);
      },
    });
    return { kit, state, payment };
  }
  const parkedOf = (stage: Stage<never>) => stage.app.inspect.deferred(["parked"], 100);

  it("a technical failure is rolled back and retried, its attempts counted", async () => {
    const { kit, state, payment } = fixture();
    let left = 2;
    state.broken = () => (left-- > 0 ? new Error("connection reset") : undefined);
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("it succeeds", () => stage.emittedTypes.length, 1);
    expect(await stage.effects()).toEqual(["charge o"]);
    expect(state.attempts).toEqual([1, 2, 3]);
    expect((await stage.app.inspect.journal("s")).map(({ disposition }) => disposition)).toEqual([
      "done",
    ]);
  });

  it("attempts are counted across restarts; the last one parks with error and stack", async () => {
    const { kit, state, payment } = fixture();
    state.broken = () => new Error("always", { cause: new TypeError("the reason") });
    await using stage = await Stage.open(kit, payment, {
      retry: { attempts: 3, firstMs: 5, longestMs: 10 },
    });
    await stage.hear(envelope(placed, "s", data));
    await stage.restart();
    await eventually("it is parked", async () => (await parkedOf(stage)).length, 1);
    const [parked] = await parkedOf(stage);
    expect(parked).toMatchObject({
      reaction: "order.placed",
      sagaId: "s",
      attempts: 3,
      problem: { code: "HANDLER_FAILED", message: "always" },
    });
    expect(parked?.problem?.stack).toContain("caused by TypeError: the reason");
    expect(state.attempts).toEqual([1, 2, 3]);
    expect(await stage.effects()).toEqual([]);
    expect((await stage.app.inspect.journal("s")).map(({ disposition }) => disposition)).toEqual([
      "parked",
    ]);
  });

  it("a permanent failure is parked at once", async () => {
    const { kit, state, payment } = fixture();
    state.broken = () => new PermanentError("no such account");
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    expect((await parkedOf(stage)).map(({ problem }) => problem?.code)).toEqual(["PERMANENT"]);
    expect(state.attempts).toEqual([1]);
  });

  it("RetryAfter replaces the backoff, and its attempts count as usual", async () => {
    const { kit, state, payment } = fixture();
    state.broken = (orderId) =>
      orderId === "long" ? new RetryAfter("2h", "closed") : new RetryAfter(5);
    // With the backoff alone, no second attempt would come within the test.
    const retry = { attempts: 3, firstMs: 3_600_000, longestMs: 3_600_000 };
    await using stage = await Stage.open(kit, payment, { retry });
    await stage.hear(envelope(placed, "short", data));
    await eventually("it is parked", async () => (await parkedOf(stage)).length === 1);
    expect(state.attempts).toEqual([1, 2, 3]);
    expect((await parkedOf(stage)).map(({ problem }) => problem)).toMatchObject([
      { code: "RETRY_AFTER", message: "The handler asks for a retry after 5 ms." },
    ]);
    const before = Date.now();
    await stage.hear(envelope(placed, "long", { orderId: "long" }));
    const [retrying] = await stage.app.inspect.deferred(["retrying"], 10);
    expect(retrying).toMatchObject({ attempts: 1, problem: { message: "closed" } });
    expect((retrying?.dueAt ?? 0) - before).toBeGreaterThan(2 * 3_600_000 - 60_000);
  });

  it("a RetryAfter with an unreadable delay is retried like any other failure", async () => {
    const { kit, state, payment } = fixture();
    state.broken = () => {
      throw new RetryAfter("soon");
    };
    const retry = { attempts: 2, firstMs: 5, longestMs: 5 };
    await using stage = await Stage.open(kit, payment, { retry });
    await stage.hear(envelope(placed, "s", data));
    await eventually("it is parked", async () => (await parkedOf(stage)).length === 1);
    expect((await parkedOf(stage)).map(({ problem }) => problem?.code)).toEqual([
      "DURATION_INVALID",
    ]);
  });

  it("parking blocks its reaction and saga alone; a retry releases the rest in order", async () => {
    const { kit, state, payment } = fixture();
    state.broken = (orderId) => (orderId === "1" ? new PermanentError("broken") : undefined);
    await using stage = await Stage.open(kit, payment);
    for (const orderId of ["1", "2", "3"]) await stage.hear(envelope(placed, "s", { orderId }));
    await stage.hear(envelope(placed, "t", { orderId: "t" }));
    expect(await stage.effects()).toEqual(["charge t"]);
    await stage.restart();
    const [parked] = await parkedOf(stage);
    state.broken = undefined;
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually("all are handled", async () => (await stage.effects()).length, 4);
    expect(await stage.effects()).toEqual(["charge t", "charge 1", "charge 2", "charge 3"]);
    expect(await stage.app.inspect.deferred(["retrying", "waiting", "parked"], 10)).toEqual([]);
  });

  it("discarded, what waits goes on without it", async () => {
    const { kit, state, payment } = fixture();
    state.broken = (orderId) => (orderId === "1" ? new PermanentError("broken") : undefined);
    await using stage = await Stage.open(kit, payment);
    const first = envelope(placed, "s", { orderId: "1" });
    await stage.hear(first);
    await stage.hear(envelope(placed, "s", { orderId: "2" }));
    const [parked] = await parkedOf(stage);
    await stage.app.inspect.discard(parked?.seq ?? -1, "a test");
    await eventually("the second is handled", async () => (await stage.effects()).length, 1);
    await stage.hear(first);
    expect(await stage.effects()).toEqual(["charge 2"]);
  });

  it("a duplicate of a parked or retrying delivery is a duplicate", async () => {
    const { kit, state, payment } = fixture();
    state.broken = () => new PermanentError("broken");
    await using stage = await Stage.open(kit, payment);
    const message = envelope(placed, "s", data);
    await stage.hear(message);
    await stage.hear(message);
    expect((await stage.app.inspect.deferred(["parked", "waiting"], 10)).length).toBe(1);
  });

  it("one of a batch that fails leaves the others as they are", async () => {
    const { kit, state, payment } = fixture();
    state.broken = (orderId) => (orderId === "7" ? new PermanentError("broken") : undefined);
    await using stage = await Stage.open(kit, payment);
    const events = Array.from({ length: 20 }, (_, i) =>
      envelope(placed, `saga ${i}`, { orderId: `${i}` }),
    );
    await stage.hear(...events);
    expect((await stage.effects()).length).toBe(19);
    expect(new Set(await stage.effects()).size).toBe(19);
    expect(await stage.effects()).not.toContain("charge 7");
    expect((await parkedOf(stage)).map(({ sagaId }) => sagaId)).toEqual(["saga 7"]);
  });

  it("two reactions to one event succeed and fail apart", async () => {
    const kit = make();
    const payment = service<unknown>("payment")
      .on(placed, {
        name: "charge",
        handle: (_event, { tx }) => kit.effect("payment", tx, "charge"),
      })
      .on(placed, {
        name: "notify",
        handle: () => {
          throw new PermanentError("no mail server");
        },
      });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    expect(await stage.effects()).toEqual(["charge"]);
    expect((await parkedOf(stage)).map(({ reaction }) => reaction)).toEqual(["notify"]);
  });

  it("onParked: the saga hears of it, nothing is blocked, and it cannot be retried", async () => {
    const kit = make();
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      onParked: { emits: declined, handle: ({ event }) => declined({ orderId: event.sagaId }) },
      handle: () => {
        throw new Error("the bank is away");
      },
    });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("it is heard of", () => stage.emittedTypes.length, 1);
    expect(stage.emittedTypes).toEqual(["payment.declined.v1"]);
    const [answered] = await stage.app.inspect.deferred(["answered"], 10);
    expect(answered).toMatchObject({ attempts: 3, problem: { message: "the bank is away" } });
    await expect(stage.app.inspect.retry(answered?.seq ?? -1)).rejects.toMatchObject({
      code: "NOT_PARKED",
    });
  });

  it("onParked is given the payload as it came, although the handler changed its own", async () => {
    const kit = make();
    const tried = event(
      "order.tried.v1",
      z.object({ orderId: z.string(), amounts: z.array(z.number()), until: z.coerce.date() }),
    );
    const seen: unknown[] = [];
    const payment = service<unknown>("payment").on(tried, {
      emits: [authorized],
      onParked: {
        emits: declined,
        handle({ event: { data, sagaId } }) {
          seen.push(data);
          return declined({ orderId: sagaId });
        },
      },
      handle: ({ data: own }) => {
        own.orderId = "changed";
        own.amounts.push(2);
        own.until.setFullYear(1970);
        throw new PermanentError("no such account");
      },
    });
    await using stage = await Stage.open(kit, payment);
    const until = "2026-01-02T03:04:05.000Z";
    await stage.hear(envelope(tried, "s", { orderId: "o", amounts: [1], until }));
    await eventually("it is heard of", () => stage.emittedTypes.length, 1);
    expect(seen).toEqual([{ orderId: "o", amounts: [1], until: new Date(until) }]);
  });

  it("onParked whose event has no older version: parked without it, and never again", async () => {
    const kit = make();
    const failed1 = event("payment.failed.v1", z.object({ reason: z.string() }));
    const failed2 = event("payment.failed.v2", z.object({ code: z.string() }), {
      to: [failed1, ({ code }) => ({ reason: JSON.parse(code) })],
    });
    let runs = 0;
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      onParked: { emits: failed2, handle: () => failed2({ code: "7" }) },
      handle() {
        runs++;
        throw new Error("the bank is away");
      },
    });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("it is parked", async () => (await parkedOf(stage)).length, 1);
    expect((await parkedOf(stage)).map(({ problem }) => problem?.message)).toEqual([
      "the bank is away",
    ]);
    expect({ runs, emitted: stage.emittedTypes }).toEqual({ runs: 3, emitted: [] });
  });

  it("onParked when the payload does not fit: told that it is not valid", async () => {
    const kit = make();
    const valid: boolean[] = [];
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      onParked: {
        emits: declined,
        handle(given) {
          valid.push(given.valid);
          return declined({ orderId: given.event.sagaId });
        },
      },
      handle: (event) => authorized(event.data),
    });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", { nonsense: true }));
    await eventually("it is heard of", () => stage.emittedTypes.length, 1);
    expect(valid).toEqual([false]);
    expect(
      (await stage.app.inspect.deferred(["answered"], 1)).map(({ problem }) => problem?.code),
    ).toEqual(["PAYLOAD_INVALID"]);
  });

  it.each(["at once", "by itself"])(
    "a payload that was valid, and is not any more when its handler fails %s",
    async (how) => {
      const kit = make();
      let open = true;
      const offered = event(
        "order.offered.v1",
        z.object({ orderId: z.string() }).refine(() => open, "the offer has ended"),
      );
      const given: unknown[] = [];
      const payment = service<unknown>("payment").on(offered, {
        emits: [authorized],
        onParked: {
          emits: declined,
          handle({ valid, event: { data: own, sagaId }, problem: { code } }) {
            given.push({ valid, own, code });
            return declined({ orderId: sagaId });
          },
        },
        handle(_event, { signal }): ReturnType<typeof authorized> | Promise<never> {
          const failure = new PermanentError("no such account");
          if (how === "at once") {
            open = false;
            throw failure;
          }
          // It ends when it has run for too long: long after it has left its commit group.
          return new Promise((_, reject) =>
            signal.addEventListener("abort", () => {
              open = false;
              reject(failure);
            }),
          );
        },
      });
      await using stage = await Stage.open(kit, payment, { handlerTimeoutMs: 100 });
      await stage.hear(envelope(offered, "s", data));
      await eventually("it is heard of", () => stage.emittedTypes, [declined.type]);
      const code = how === "at once" ? "PERMANENT" : "PAYLOAD_INVALID";
      expect(given).toEqual([{ valid: false, own: data, code }]);
    },
  );

  it("a key that throws is a failure of the service: retried, with a valid payload", async () => {
    const kit = make();
    const given: boolean[] = [];
    let calls = 0;
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      key() {
        calls++;
        throw new Error("no key today");
      },
      onParked: {
        emits: declined,
        handle({ valid, event }) {
          given.push(valid);
          return declined({ orderId: event.sagaId });
        },
      },
      handle: (event) => authorized(event.data),
    });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("it is given up on", () => stage.emittedTypes.length, 1);
    expect({ given, calls }).toEqual({ given: [true], calls: 3 });
  });

  it("a handler that takes too long is aborted, rolled back, and may write no more", async () => {
    const kit = make();
    let reason: unknown;
    let late: unknown;
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    const payment = service<unknown>("payment").on(placed, {
      async handle(_event, { tx, signal, attempt }) {
        kit.effect("payment", tx, `attempt ${attempt}`);
        if (attempt > 1) return;
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        reason = signal.reason;
        await new Promise((resolve) => setImmediate(resolve));
        try {
          kit.effect("payment", tx, "after the end");
        } catch (error) {
          late = error;
        }
        finish();
      },
    });
    await using stage = await Stage.open(kit, payment, { handlerTimeoutMs: 20 });
    await stage.hear(envelope(placed, "s", data));
    await finished;
    await eventually("it is retried", async () => (await stage.effects()).length, 1);
    expect(await stage.effects()).toEqual(["attempt 2"]);
    expect(reason).toMatchObject({ code: "HANDLER_TIMEOUT" });
    expect(late).toMatchObject({ code: "TRANSACTION_CLOSED" });
  });

  it("an outcome that is not declared is parked, with what was declared", async () => {
    const kit = make();
    const sly: Kit = kit;
    const returned: readonly (() => unknown)[] = [
      () => reserved(data),
      () => undefined,
      () => [authorized(data), authorized(data)],
      () => ({ type: "payment.authorized.v1", data }),
      () => "payment.authorized.v1",
    ];
    let next: (() => unknown) | undefined;
    const payment = service<unknown>("payment").on(placed, {
      emits: [authorized],
      key: (event) => event.id,
      handle(_event, { tx }) {
        sly.effect("payment", tx, "charge");
        // What JavaScript allows and the types do not.
        return JSON.parse("null") ?? (next?.() as ReturnType<typeof authorized>);
      },
    });
    await using stage = await Stage.open(kit, payment);
    for (const [index, outcome] of returned.entries()) {
      next = outcome;
      await stage.hear(envelope(placed, `saga ${index}`, data));
    }
    const parked = await parkedOf(stage);
    expect(parked.map(({ problem }) => problem?.code)).toEqual(
      returned.map(() => "UNDECLARED_OUTCOME"),
    );
    expect(parked[0]?.problem?.message).toContain("payment.authorized.v1");
    expect(await stage.effects()).toEqual([]);
  });

  it("a parked undo and its step: the saga's other reactions go on", async () => {
    const kit = make();
    let broken = true;
    const payment = service<unknown>("payment")
      .on(placed, { emits: [authorized], handle: (event) => authorized(event.data) })
      .undo(authorized, {
        on: [declined],
        emits: [refunded],
        handle(event) {
          if (broken) throw new PermanentError("the ledger is closed");
          return refunded(event.data);
        },
      });
    await using stage = await Stage.open(kit, payment);
    await stage.hear(envelope(placed, "s", data));
    await stage.hear(envelope(declined, "s", data));
    await stage.hear(envelope(declined, "s", data));
    broken = false;
    const [parked] = await parkedOf(stage);
    await stage.app.inspect.retry(parked?.seq ?? -1);
    await eventually(
      "it is refunded",
      () => stage.emittedTypes,
      (types) => types.includes("payment.refunded.v1"),
    );
    expect(stage.emittedTypes).toEqual(["payment.authorized.v1", "payment.refunded.v1"]);
  });
});
