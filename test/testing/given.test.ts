import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { event, PermanentError, type Service, service } from "odori";
import { type MemoryTx, memoryStore, memoryTable } from "odori/memory";
import { type Sql, type SqliteStore, sqlite } from "odori/sqlite";
import { given } from "odori/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const charged = event("payment.charged.v1", z.object({ orderId: z.string(), id: z.string() }));
const failed = event("payment.failed.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const data = { orderId: "o-1" };
const inMemory = { store: () => sqlite(":memory:") };

const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE charges (order_id TEXT, id TEXT)"),
})
  .on(placed, {
    emits: [charged],
    fails: [failed],
    onParked: { emits: failed, handle: ({ event }) => failed.from(event.data) },
    handle(one, { tx, uuid }) {
      if (one.data.orderId === "throws") throw new TypeError("The card reader is gone.");
      if (one.data.orderId === "gives up") throw new PermanentError("The card is unknown.");
      if (tx.get("SELECT 1 FROM charges WHERE order_id = 'o-0'")) return failed(one.data);
      const charge = { ...one.data, id: uuid() };
      tx.run("INSERT INTO charges VALUES (?, ?)", charge.orderId, charge.id);
      return charged(charge, { subject: charge.id });
    },
  })
  .undo(charged, {
    on: [cancelled],
    emits: [refunded],
    handle(one, { tx }) {
      tx.run("DELETE FROM charges");
      return refunded(one.data);
    },
  });
const count = (tx: Sql) => tx.all("SELECT * FROM charges").length;

describe("given, when, then", () => {
  it("what was done, with its rows: the same facts in each run", async () => {
    const then = await given(placed(data)).when(payment, inMemory);
    const again = await given(placed(data)).when(payment, inMemory);
    expect(then.reactions).toEqual(again.reactions);
    expect([then.disposition, then.effect]).toEqual(["done", "payment.charged"]);
    const id = then.emitted[0]?.subject ?? "";
    expect(then.emitted).toEqual([charged({ ...data, id }, { subject: id })]);
    expect(await then.rows(count)).toBe(1);
  });

  it.each([
    [[placed(data), cancelled(data)], "undone", [refunded.type], 0],
    [[cancelled(data), placed(data)], "suppressed", [], 0],
    [[cancelled(data)], "barred", [refunded.type], 0],
    [[placed(data), placed(data)], "suppressed", [], 1],
  ] as const)("%# the order of the events decides", async (facts, disposition, types, rows) => {
    const then = await given(...facts).when(payment, inMemory);
    expect([then.disposition, then.emitted.map(({ type }) => type)]).toEqual([disposition, types]);
    expect(await then.rows(count)).toBe(rows);
  });

  it("the same fact is the same message: nothing happens the second time", async () => {
    const fact = placed(data);
    const then = await given(fact, fact).when(payment, inMemory);
    expect([then.reactions, then.disposition, await then.rows(count)]).toEqual([[], undefined, 1]);
  });

  it("rows that were there before", async () => {
    const setup = (tx: Sql) => tx.exec("INSERT INTO charges VALUES ('o-0', '1')");
    const then = await given(placed(data)).when(payment, { ...inMemory, setup });
    expect([then.disposition, then.emitted]).toEqual(["refused", [failed(data)]]);
  });

  it("rejects with the error of the handler; a delivery that is parked is a result", async () => {
    const throws = given(placed({ orderId: "throws" })).when(payment, inMemory);
    await expect(throws).rejects.toThrow(new TypeError("The card reader is gone."));
    const parked = await given(placed({ orderId: "gives up" })).when(payment, inMemory);
    expect([parked.disposition, parked.emitted]).toEqual([
      "parked",
      [failed({ orderId: "gives up" })],
    ]);
  });

  it("a handler may return a promise of another realm, or a query to be awaited", async () => {
    const fact = failed(data);
    const elsewhere: Promise<void> = runInNewContext("Promise.resolve()");
    const ran = Promise.resolve(fact);
    const query: Promise<typeof fact> = {
      // biome-ignore lint/suspicious/noThenProperty: what a query builder returns has it.
      then: (done, refused) => ran.then(done, refused),
      catch: (refused) => ran.catch(refused),
      finally: (ended) => ran.finally(ended),
      [Symbol.toStringTag]: "Query",
    };
    for (const handle of [() => elsewhere.then(() => fact), () => query]) {
      const slow = service<Sql>("slow").on(placed, { fails: [failed], handle });
      const then = await given(placed(data)).when(slow, inMemory);
      expect([then.disposition, then.emitted]).toEqual(["refused", [fact]]);
    }
  });

  it("rejects if a handler does not return, and stops the service as after any error", async () => {
    const stores: SqliteStore[] = [];
    const store = () => {
      const made = sqlite(":memory:");
      stores.push(made);
      return made;
    };
    const hangs = service<Sql>("hangs").on(placed, {
      emits: [],
      handle: () => new Promise<void>(() => {}),
    });
    await expect(given(placed(data)).when(hangs, { store, patienceMs: 1 })).rejects.toMatchObject({
      code: "HANDLER_TIMEOUT",
      message: expect.stringContaining("hangs"),
    });
    const throws = given(placed({ orderId: "throws" })).when(payment, { store });
    await expect(throws).rejects.toThrow("The card reader is gone.");
    const setup = () => {
      throw new Error("The table is missing.");
    };
    await expect(given(placed(data)).when(payment, { store, setup })).rejects.toThrow("is missing");
    expect(stores.length).toBe(3);
    for (const one of stores)
      expect(() => one.detached()).toThrow(expect.objectContaining({ code: "STOPPED" }));
  });

  it("no event at all is refused", () => {
    const none: ReturnType<typeof placed>[] = [];
    expect(() => given(...none)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("its rows are objects as a test writes them down", async () => {
    const then = await given(placed(data)).when(payment, inMemory);
    const all = "SELECT order_id FROM charges";
    const row = { order_id: data.orderId };
    assert.deepStrictEqual(await then.rows((tx) => tx.get(all)), row);
    assert.deepStrictEqual(await then.rows((tx) => ({ all: tx.all(all) })), { all: [row] });
    assert.deepStrictEqual(await then.rows(() => [null, 1, new Date(0)]), [null, 1, new Date(0)]);
    const elsewhere: unknown = runInNewContext("[[1]]");
    assert.deepStrictEqual(await then.rows(() => elsewhere), [[1]]);
    const around: { self?: unknown } = {};
    around.self = around;
    expect(await then.rows(() => around)).toBe(around);
  });

  it("an event that the service does not know is refused by its name", async () => {
    // Its type does not tell what it hears.
    const shipping: Service<Sql> = service<Sql>("shipping").on(refunded, { handle: () => {} });
    await expect(given(placed(data)).when(shipping, inMemory)).rejects.toMatchObject({
      code: "NOT_HEARD",
      message: expect.stringContaining(placed.type),
    });
  });

  it("a store in memory, and its tables", async () => {
    const rows = memoryTable<string>();
    const audit = service<MemoryTx>("audit").on(placed, {
      handle: (one, { tx }) => tx.in(rows).set(one.data.orderId, "seen"),
    });
    const then = await given(placed(data)).when(audit, { store: () => memoryStore() });
    expect([then.disposition, then.emitted]).toEqual(["done", []]);
    expect(await then.rows((tx) => tx.in(rows).get("o-1"))).toBe("seen");
  });
});
