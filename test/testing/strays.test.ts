import { service } from "odori";
import { type MemoryTx, memoryStore, memoryTable } from "odori/memory";
import type { Sql } from "odori/sqlite";
import { given, testSaga } from "odori/testing";
import { describe, expect, it } from "vitest";
import { charged, data, expired, inSqlite, placed, sale } from "./sale.ts";

const stray = { name: "OdoriError", code: "STATEMENT_NOT_AWAITED" };

const insert = (tx: Sql) => void tx.run("INSERT INTO charges VALUES ('o-1')");

/** A payment that calls a helper. */
const payment = <Native>(helper: (tx: Native) => unknown) =>
  service<Native>("payment").on(placed, {
    emits: [charged],
    async handle({ data }, { tx }) {
      await helper(tx);
      return charged(data);
    },
  });

/** Writes after `until`; the handler does not await it. */
const forgotten = (until: () => Promise<void>) => (tx: Sql) => void until().then(() => insert(tx));

describe("a statement that comes after its handler", () => {
  it("rejects when, with the place of the statement", async () => {
    const when = given(placed(data)).when(payment(forgotten(() => turns(9))), inSqlite);
    await expect(when).rejects.toMatchObject({
      ...stray,
      stack: expect.stringContaining("strays.test.ts"),
    });
    const rows = memoryTable<string>();
    const late = payment<MemoryTx>((tx) => void turns(9).then(() => tx.in(rows).set("o-1", "")));
    const inMemory = given(placed(data)).when(late, { store: () => memoryStore() });
    await expect(inMemory).rejects.toMatchObject(stray);
  });

  it("rejects after, where it is of a deadline", async () => {
    const order = service<Sql>("order")
      .begins(placed)
      .deadline(placed, {
        after: "15m",
        unless: [charged],
        emits: [expired],
        handle(_, { tx }) {
          void turns(9).then(() => insert(tx));
          return expired(data);
        },
      });
    const begun = await given(placed(data)).when(order, inSqlite);
    await expect(begun.after("15m")).rejects.toMatchObject(stray);
  });

  it("rejects the call within which it comes, once", async () => {
    const saga = await testSaga(sale(payment(forgotten(() => turns(9)))), inSqlite);
    await expect(saga.begin(placed(data))).rejects.toMatchObject(stray);
    await saga.assertEnded("succeeded");
  });

  it("rejects the next look, if nothing has waited for it", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const saga = await testSaga(sale(payment(forgotten(() => promise))), inSqlite);
    await saga.begin(placed(data));
    await saga.assertEnded("succeeded");
    resolve();
    await turns(9);
    await expect(saga.assertEnded("succeeded")).rejects.toMatchObject(stray);
    await saga.assertEnded("succeeded");

    const wakes = Promise.withResolvers<void>();
    const then = await given(placed(data)).when(payment(forgotten(() => wakes.promise)), inSqlite);
    wakes.resolve();
    await turns(9);
    await expect(then.rows(() => 1)).rejects.toMatchObject(stray);
  });

  it("is told of a handler that was given up, and has its own transaction", async () => {
    const bank = Promise.withResolvers<void>();
    const slow = async (tx: Sql) => {
      await bank.promise;
      void turns(99).then(() => insert(tx));
    };
    const saga = await testSaga(sale(payment(slow)), { ...inSqlite, patienceMs: 1 });
    await saga.begin(placed(data));
    bank.resolve();
    await expect(saga.settle()).rejects.toMatchObject(stray);
  });

  it("the error of the handler goes first", async () => {
    const fails = payment<Sql>((tx) => {
      void turns(9).then(() => insert(tx));
      throw new TypeError("The card reader is gone.");
    });
    const when = given(placed(data)).when(fails, inSqlite);
    await expect(when).rejects.toThrow(new TypeError("The card reader is gone."));
  });
});

/** One that is under way when its handler returns fails the delivery. */
it("a statement that is not awaited rejects when with an error", async () => {
  const query = payment<Sql>((tx) => void tx.query("SELECT 1"));
  const error: unknown = await given(placed(data))
    .when(query, inSqlite)
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    code: "STATEMENT_NOT_AWAITED",
    message: expect.stringContaining("before one of its statements had ended"),
  });
});

/** Resolves after a few turns of promise callbacks. */
async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await null;
}
