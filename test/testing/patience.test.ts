import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { given, testSaga } from "odori/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { charged, data, expired, inSqlite, placed, sale } from "./sale.ts";

const never = new Promise<void>(() => {});

/** A payment that waits, before or after it has written. */
const payment = (waits: () => Promise<void>, order: "waits" | "writes") =>
  service<Sql>("payment", {
    setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS charges (order_id TEXT)"),
  }).on(placed, {
    emits: [charged],
    async handle({ data }, { tx }) {
      if (order === "waits") await waits();
      tx.run("INSERT INTO charges VALUES (?)", data.orderId);
      if (order === "writes") await waits();
      return charged(data);
    },
  });

const PATIENCE_MS = 2_000;

/** Counts the timers of that delay that pass in the test. */
function passing(delayMs: number): { readonly count: number } {
  const passed = { count: 0 };
  const real = timers.setTimeout;
  const counting = (work: () => void, ms?: number) =>
    real(() => {
      if (ms === delayMs) passed.count++;
      work();
    }, ms);
  timers.setTimeout = Object.assign(counting, { __promisify__: real.__promisify__ });
  syncBuiltinESMExports();
  onTestFinished(() => {
    timers.setTimeout = real;
    syncBuiltinESMExports();
  });
  return passed;
}

describe("a handler that does not return", () => {
  it.each(["waits", "writes"] as const)(
    "is named before the patience is spent again, where it first %s",
    async (order) => {
      const patience = passing(PATIENCE_MS);
      const stuck = payment(() => never, order);
      const when = given(placed(data)).when(stuck, { ...inSqlite, patienceMs: PATIENCE_MS });
      await expect(when).rejects.toMatchObject({ code: "HANDLER_TIMEOUT" });
      expect(patience.count).toBe(1);
    },
  );

  it("is in the picture before the patience is spent again, also with rows", async () => {
    const patience = passing(PATIENCE_MS);
    const whole = sale(payment(() => never, "writes"));
    const saga = await testSaga(whole, { ...inSqlite, patienceMs: PATIENCE_MS });
    await saga.begin(placed(data));
    await expect(saga.assertEnded("succeeded")).rejects.toMatchObject({
      code: "EXPECTATION_UNMET",
      message: expect.stringContaining("payment has a handler that has written and not returned"),
    });
    expect(patience.count).toBe(1);
  });

  it("keeps its rows from being read, and says so", async () => {
    const saga = await testSaga(sale(payment(() => never, "writes")), {
      ...inSqlite,
      patienceMs: 20,
    });
    await saga.begin(placed(data));
    const held = { code: "HANDLER_TIMEOUT", message: expect.stringContaining("of payment.") };
    await expect(saga.steps()).rejects.toMatchObject(held);
    await expect(saga.rows("payment", () => 1)).rejects.toMatchObject(held);
    expect(await saga.rows("order", () => 1)).toBe(1);
    // The runtime undoes it after 30 s of the virtual time, and runs it again.
    await saga.advance("31s");
    await expect(saga.assertRows("payment", () => 1, 1)).rejects.toMatchObject(held);
  });

  it("is waited for again once it may go on, with all that comes after it", async () => {
    const bank = Promise.withResolvers<void>();
    const saga = await testSaga(sale(payment(() => bank.promise, "writes")), {
      ...inSqlite,
      patienceMs: 20,
    });
    await saga.begin(placed(data));
    bank.resolve();
    await saga.settle();
    await saga.assertEnded("succeeded");
    const read = (tx: Sql) => tx.all("SELECT order_id FROM charges");
    await saga.assertRows("payment", read, [{ order_id: "o-1" }]);
  });

  it("rejects after, where it is of a deadline", async () => {
    const order = service<Sql>("order")
      .begins(placed)
      .deadline(placed, {
        after: "15m",
        unless: [charged],
        emits: [expired],
        async handle() {
          await never;
          return expired(data);
        },
      });
    const begun = await given(placed(data)).when(order, { ...inSqlite, patienceMs: 20 });
    await expect(begun.after("15m")).rejects.toMatchObject({ code: "HANDLER_TIMEOUT" });
  });
});
