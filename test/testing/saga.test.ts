import { runInNewContext } from "node:vm";
import { choreography, event, RetryAfter, service } from "odori";
import { memoryStore } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { ExpectationError, testSaga } from "odori/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import waiting from "../../examples/pages/deadline.ts";
import trip from "../../examples/pages/trip.ts";
import * as e from "../../examples/pages/trip-contracts.ts";

const data = { tripId: "t-1" };
const inSqlite = { store: () => sqlite(":memory:") };
const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const shipped = event("shipping.requested.v1", payload);
const order = { orderId: "o-1" };

/** A saga of one step, which `handle` takes, and a second one. */
function paid<Native>(handle: (context: { readonly tx: Native }) => unknown) {
  const shop = service<Native>("order").begins(placed);
  const payment = service<Native>("payment").on(placed, {
    emits: [charged],
    async handle(_, context) {
      await handle(context);
      return charged(order);
    },
  });
  const shipping = service<Native>("shipping").on(charged, {
    emits: [shipped],
    handle: () => shipped(order),
  });
  return choreography("paid", {
    services: [shop, payment, shipping],
    begins: [placed],
    succeeds: [shipped],
  });
}

describe("a saga in a test", () => {
  afterEach(() => void vi.useRealTimers());

  it("runs to its end within the call that begins it, and is at rest then", async () => {
    const saga = await testSaga(trip, inSqlite);
    await saga.begin(e.requested(data));
    expect([saga.ended, saga.now.toISOString()]).toEqual(["succeeded", "2026-01-01T00:00:00.000Z"]);
    const before = saga.types;
    await saga.settle();
    expect(saga.types).toEqual(before);
    expect(await saga.leftovers()).toEqual([
      { service: "trip", effect: "trip.requested" },
      { service: "hotel", effect: "hotel.booked" },
      { service: "flight", effect: "flight.booked" },
      { service: "car", effect: "car.booked" },
      { service: "payment", effect: "payment.charged" },
    ]);
  });

  it("a deadline fires at its time and not before, on the way of a longer jump", async () => {
    const saga = await testSaga(trip, inSqlite);
    await saga.dropOut("car");
    await saga.begin(e.requested(data));
    await saga.advance(15 * 60_000 - 1);
    await saga.assertNotEmitted(e.expired);
    await saga.advance("1h");
    const [expired] = saga.events.filter(({ type }) => type === e.expired.type);
    expect(expired?.time).toBe("2026-01-01T00:15:00.001Z");
  });

  it("until stops at the event, and says why it is not reached", async () => {
    const saga = await testSaga(trip, inSqlite);
    await saga.dropOut("car");
    await saga.begin(e.requested(data));
    await saga.until(e.abandoned);
    expect(saga.now.toISOString()).toBe("2026-01-01T00:15:00.001Z");
    await expect(saga.until(e.cancelled, "1d")).rejects.toMatchObject({
      code: "NOT_REACHED",
      message: expect.stringMatching(/1d have passed[\s\S]*car has dropped out/),
    });
    await saga.comeBack("car");
    await saga.assertEnded("failed");
    await expect(saga.until(e.confirmed)).rejects.toMatchObject({
      code: "NOT_REACHED",
      message: expect.stringContaining("nothing is left that could happen"),
    });
  });

  it.each([
    ["memory", () => memoryStore()],
    ["sqlite", () => sqlite(":memory:")],
  ] as const)(
    "a service that comes back finds its rows and its messages, on %s",
    async (_, store) => {
      const saga = await testSaga<unknown>(
        paid<unknown>(() => {}),
        { store },
      );
      await saga.begin(placed(order));
      await saga.dropOut("payment");
      await saga.begin(placed(order));
      await saga.assertEnded(undefined);
      await saga.comeBack("payment");
      await saga.assertEnded("succeeded");
      expect(await saga.of("saga-1").steps()).toHaveLength(3);
      await expect(saga.assertEmitted(placed, charged, shipped)).resolves.toBeUndefined();
    },
  );

  it("an event from outside arrives, once however often the same fact comes", async () => {
    const [bank] = waiting.arrives;
    const [begins] = waiting.begins;
    if (bank === undefined || begins === undefined) throw new Error("The example has changed.");
    const saga = await testSaga(waiting, inSqlite);
    await saga.begin(begins.from({ orderId: "o-1" }));
    const paidFact = bank.from({ orderId: "o-1" });
    await saga.arrive(paidFact);
    await saga.assertEnded("succeeded");
    const before = await saga.steps();
    await saga.arrive(paidFact);
    const [began, ...rest] = await saga.steps();
    expect([began, ...rest.map((step) => ({ ...step, duplicates: 0 }))]).toEqual(before);
    expect(rest.filter(({ heard }) => heard === bank.type).map((step) => step.duplicates)).toEqual([
      1, 1,
    ]);
    await expect(saga.arrive(e.requested(data))).rejects.toMatchObject({ code: "NOT_HEARD" });
    await expect(saga.begin(e.charged(data))).rejects.toMatchObject({ code: "NOT_HEARD" });
  });

  it("the same fact is another message for another saga", async () => {
    const [bank] = waiting.arrives;
    const [begins] = waiting.begins;
    if (bank === undefined || begins === undefined) throw new Error("The example has changed.");
    const saga = await testSaga(waiting, inSqlite);
    const paidFact = bank.from({ orderId: "o-1" });
    for (const _ of ["first", "second"]) {
      await saga.begin(begins.from({ orderId: "o-1" }));
      await saga.arrive(paidFact);
      await saga.assertEnded("succeeded");
    }
  });

  it.each([{ now: new Date(Number.NaN) }, { seed: Number.NaN }, { patienceMs: -1 }])(
    "refuses %o",
    async (options) => {
      await expect(testSaga(waiting, { ...inSqlite, ...options })).rejects.toMatchObject({
        code: "OPTION_INVALID",
      });
    },
  );

  it("your own code may begin it; a service that is not there is named", async () => {
    const saga = await testSaga(
      paid<Sql>(() => {}),
      inSqlite,
    );
    await saga.app("order").begin("mine", () => placed(order));
    await saga.settle();
    expect([saga.sagaId, saga.ended]).toEqual(["mine", "succeeded"]);
    await saga.dropOut("order");
    expect(() => saga.app("order")).toThrow("comeBack");
    expect(() => saga.app("car")).toThrow("order, payment, shipping");
  });

  it("a saga that has not begun is told from one without events", async () => {
    const saga = await testSaga(trip, inSqlite);
    await expect(saga.of("nope").assertEnded("failed")).rejects.toThrow("none has");
    await saga.begin(e.requested(data));
    await saga.begin(e.requested({ tripId: "t-2" }), { sagaId: "x" });
    const nope = saga.of("nope");
    expect(() => nope.ended).toThrow(ExpectationError);
    for (const asserted of [nope.assertEnded("failed"), nope.assertNotEmitted(e.expired)])
      await expect(asserted).rejects.toThrow(
        /"nope" has begun; these have begun last: "saga-1", "x"\./,
      );
    await saga.of("x").assertEnded("succeeded");
  });

  it("retries come when they are due, and a failure is in the picture", async () => {
    let left = 2;
    const flaky = paid<Sql>(() => {
      if (left-- > 0) throw new RetryAfter("10m", "The bank does not answer.");
    });
    const saga = await testSaga(flaky, inSqlite);
    await saga.begin(placed(order));
    expect(await saga.picture()).toMatch(/fails, and will try again[\s\S]*payment has failed/);
    await saga.advance("19m");
    await saga.assertEnded(undefined);
    await saga.advance("1m");
    await saga.assertEnded("succeeded");
  });

  it("a handler is waited for while it waits for something real", async () => {
    const slow = paid<Sql>(() => new Promise((resolve) => setTimeout(resolve, 30)));
    const saga = await testSaga(slow, inSqlite);
    await saga.begin(placed(order));
    await saga.assertEnded("succeeded");
  });

  it("sagas that begin at the same time all come to their ends", async () => {
    const slow = paid<Sql>(() => new Promise((resolve) => setTimeout(resolve, 30)));
    const saga = await testSaga(slow, { ...inSqlite, patienceMs: 1_000_000 });
    await Promise.all([1, 2, 3].map(() => saga.begin(placed(order))));
    for (const id of ["saga-1", "saga-2", "saga-3"]) await saga.of(id).assertEnded("succeeded");
  });

  it("rows are compared as they are, also those that another realm has made", async () => {
    const saga = await testSaga(
      paid<Sql>(() => {}),
      inSqlite,
    );
    await saga.begin(placed(order));
    const rows: unknown = runInNewContext("[Object.assign(Object.create(null), { id: 1 })]");
    await saga.assertRows("payment", () => rows, [{ id: 1 }]);
  });

  it("a handler that waits for the test is given up, and goes on later", async () => {
    const bank = Promise.withResolvers<void>();
    const stuck = paid<Sql>(() => bank.promise);
    const saga = await testSaga(stuck, { ...inSqlite, patienceMs: 1 });
    await saga.begin(placed(order));
    await saga.advance("1s");
    expect(await saga.picture()).toContain("payment has a handler that has not returned yet.");
    bank.resolve();
    await saga.settle();
    await saga.assertEnded("succeeded");
  });

  it("a beginning whose rows never come rejects, and the next one goes on", async () => {
    const saga = await testSaga(
      paid<Sql>(() => {}),
      { ...inSqlite, patienceMs: 1 },
    );
    const rows = () => new Promise(() => {});
    await expect(saga.begin(placed(order), { rows })).rejects.toMatchObject({
      code: "HANDLER_TIMEOUT",
      hint: expect.stringContaining("patienceMs"),
    });
    expect(() => saga.types).toThrow("No saga has begun");
    await saga.begin(placed(order));
    await saga.assertEnded("succeeded");
    await saga[Symbol.asyncDispose]();
  });

  it("a handler that never returns times out by the virtual clock", async () => {
    let calls = 0;
    const dead = paid<Sql>(() => {
      calls++;
      return calls === 1 ? new Promise(() => {}) : undefined;
    });
    const saga = await testSaga(dead, { ...inSqlite, patienceMs: 1 });
    await saga.begin(placed(order));
    await saga.advance("2m");
    await saga.assertEnded("succeeded");
  });

  it("two runs are the same to the last id, and another seed is not", async () => {
    const eventsOf = async (seed: number) => {
      const saga = await testSaga(trip, { ...inSqlite, seed });
      await saga.begin(e.requested({ tripId: "no car" }));
      await saga.advance("16m");
      return saga.events;
    };
    expect(await eventsOf(1)).toEqual(await eventsOf(1));
    expect(await eventsOf(2)).not.toEqual(await eventsOf(1));
  });

  it("runs beside a fake clock of the test runner", async () => {
    vi.useFakeTimers();
    const saga = await testSaga(trip, inSqlite);
    await saga.dropOut("car");
    await saga.begin(e.requested(data));
    await saga.advance("16m");
    await saga.assertEmitted(e.expired);
  });

  it("an assertion that does not hold has both sides, and the picture", async () => {
    const saga = await testSaga(trip, inSqlite);
    expect(() => saga.sagaId).toThrow(ExpectationError);
    await saga.begin(e.requested(data));
    const failed = async (assertion: Promise<void>) => {
      const error: unknown = await assertion.catch((thrown: unknown) => thrown);
      if (!(error instanceof ExpectationError)) throw new Error("It holds.");
      expect(error.message).toContain("● begins → trip.requested");
      return [error.code, error.actual, error.expected];
    };
    const code = "EXPECTATION_UNMET";
    expect(await failed(saga.assertEnded("failed"))).toEqual([code, "succeeded", "failed"]);
    expect(await failed(saga.assertRows("car", () => [1], [2]))).toEqual([code, [1], [2]]);
    expect(await failed(saga.assertUndone())).toEqual([code, await saga.leftovers(), []]);
    expect(await failed(saga.assertEmitted(e.expired))).toContain(code);
    expect(await failed(saga.assertNotEmitted(e.confirmed))).toContain(code);
  });
});
