import assert from "node:assert/strict";
import { type Context, service } from "odori";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/postgres";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { postgresShelves, type Shelf } from "../support/shelf.ts";
import { asked, askedFor, open } from "./isolation.ts";

export const range = (count: number) => Array.from({ length: count }, (_, n) => n);
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function handling(
  handle: (n: number, tx: Sql, context: Context<unknown>) => Promise<unknown>,
) {
  return service<unknown>("shelf").on(asked, {
    name: "take",
    readonly: true,
    async handle({ data }, context) {
      if (isSql(context.tx)) await handle(data.n, context.tx, context);
    },
  });
}

const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "query" in tx;

/** A session of a person or a report, which holds a row until the end of the scope. */
export async function holdRow(url: string, shelf: Shelf, item: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("BEGIN");
  await shelf.read(client, item);
  let held = true;
  const release = async () => {
    if (held) await client.end();
    held = false;
  };
  return { release, [Symbol.asyncDispose]: release };
}

const RECEIPT = {
  reaction: "take",
  source: "/orders",
  id: "1",
  type: asked.type,
  sagaId: "saga",
  gathers: false,
  seeks: [],
  deferred: undefined,
};

/** Waits until the server sleeps, or waits for a lock, in the transaction. */
async function halted(connectionString: string, pid: number): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const text = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'
    AND (wait_event_type = 'Lock' OR wait_event = 'PgSleep')`;
  const look = async () => (await client.query(text, [pid])).rowCount;
  await eventually("the server waits", look, 1).finally(() => client.end());
}

export async function pidOf(native: unknown): Promise<number> {
  assert.ok(isSql(native));
  return Number((await native.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);
}

export async function countOf(shelf: Shelf): Promise<number> {
  return Object.values((await shelf.seen()).items).reduce((sum, count) => sum + count, 0);
}

/** What only a server does to handlers: locks, and time limits. */
export function postgresCases({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);
  describe("isolation on a server", () => {
    it("locked-row: only the saga that needs a locked row waits for it", async () => {
      await using shelf = await kind.make();
      await shelf.stock(Object.fromEntries(range(40).map((n) => [`item ${n}`, 0])));
      let tries = 0;
      const played = handling(async (n, tx) => {
        if (n === 0) tries++;
        await shelf.write(tx, `item ${n}`, (await shelf.read(tx, `item ${n}`)) + 1);
      });
      await using stage = await open(shelf, played);
      await using row = await holdRow(url(), shelf, "item 0");
      const locked = stage.hear(askedFor(0));
      for (let from = 1; from < 31; from += 10)
        await stage.hear(...range(10).map((n) => askedFor(from + n)));
      assert.equal(await countOf(shelf), 30);
      assert.equal((await stage.app.health()).state, "ready");
      // By itself it meets the other session as well, more than once.
      await eventually(
        "it was tried by itself",
        () => tries,
        (count) => count > 3,
      );
      await row.release();
      await locked;
      assert.equal(await countOf(shelf), 31);
      const [entry] = await stage.app.inspect.journal("saga 0");
      assert.deepEqual([entry?.disposition, entry?.attempt], ["done", 1]);
    });

    it("a savepoint that was never set undoes nothing of the handlers before it", async () => {
      await using shelf = await kind.make();
      const store = shelf.store();
      await store.open({ service: "shelf", owner: "p1", leaseMs: 1_000, now: Date.now });
      const working = store.transaction(async (tx) => {
        const first = tx.scope();
        await shelf.note(first.native, "kept");
        await first.keep();
        // As when the next handler is interrupted while the server still sets its savepoint.
        await assert.rejects(async () => shelf.fail(tx.native));
        const second = tx.scope();
        await assert.rejects(async () => shelf.note(second.native, "undone"), { code: "25P02" });
        await second.undo();
      });
      await assert.rejects(working, { code: "TRANSACTION_ENDED" });
      await store.close();
    });

    it("an interrupted handler tells whether it waited for a lock, and whose", async () => {
      await using shelf = await kind.make();
      await shelf.stock({ theirs: 0, ours: 0 });
      const store = shelf.store();
      await store.open({ service: "shelf", owner: "p1", leaseMs: 1_000, now: Date.now });
      await using row = await holdRow(url(), shelf, "theirs");
      const met = async (work: (tx: unknown) => unknown) =>
        store.transaction(async (tx) => {
          await tx.receive([RECEIPT]);
          const pid = await pidOf(tx.native);
          const first = tx.scope();
          const running = Promise.resolve(work(first.native)).catch(() => {});
          await halted(url(), pid);
          await first.undo();
          await running;
          const { contended, crowded } = first;
          return { contended, crowded };
        });
      const sleeping = (tx: unknown) => shelf.run(tx, "SELECT pg_sleep(60)");
      assert.deepEqual(await met(sleeping), { contended: false, crowded: false });
      const theirs = await met((tx) => shelf.read(tx, "theirs"));
      assert.deepEqual(theirs, { contended: true, crowded: false });
      await row.release();
      const ours = await store.transaction(async (tx) => {
        await tx.receive([{ ...RECEIPT, sagaId: "another" }]);
        await shelf.read(tx.scope().native, "ours");
        return met((other) => shelf.read(other, "ours"));
      });
      assert.deepEqual(ours, { contended: true, crowded: true });
      await store.close();
    });

    it("handlers of one process that wait for each other have met", async () => {
      await using shelf = await kind.make({ sessionOptions: "-c deadlock_timeout=60000" });
      await shelf.stock({ left: 0, right: 0 });
      const store = shelf.store();
      await store.open({ service: "shelf", owner: "p1", leaseMs: 1_000, now: Date.now });
      const [leftHas, rightHas] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const rightWaits = Promise.withResolvers<void>();
      const left = store.transaction(async (tx) => {
        await tx.receive([{ ...RECEIPT, sagaId: "left" }]);
        const pid = await pidOf(tx.native);
        const scope = tx.scope();
        await shelf.read(scope.native, "left");
        leftHas.resolve();
        await rightHas.promise;
        const waits = Promise.resolve(shelf.read(scope.native, "right")).catch(() => {});
        await halted(url(), pid);
        await rightWaits.promise;
        await scope.undo();
        await waits;
        return scope;
      });
      const right = store.transaction(async (tx) => {
        await tx.receive([{ ...RECEIPT, sagaId: "right" }]);
        const pid = await pidOf(tx.native);
        const scope = tx.scope();
        await shelf.read(scope.native, "right");
        rightHas.resolve();
        await leftHas.promise;
        const waits = shelf.read(scope.native, "left");
        await halted(url(), pid);
        rightWaits.resolve();
        // It gets the row once the other one is undone.
        await waits;
      });
      const [{ contended, crowded }] = await Promise.all([left, right]);
      assert.deepEqual([contended, crowded], [true, true]);
      await store.close();
    });

    it("one of several that travel together waits for a lock, those behind it do not", async () => {
      await using shelf = await kind.make();
      await shelf.stock({ theirs: 0 });
      const store = shelf.store();
      await store.open({ service: "shelf", owner: "p1", leaseMs: 1_000, now: Date.now });
      await using row = await holdRow(url(), shelf, "theirs");
      await store.transaction(async (tx) => {
        await tx.receive([RECEIPT]);
        const pid = await pidOf(tx.native);
        const together = tx.together?.();
        assert.ok(together);
        const [before, waits, behind] = [together.scope(), together.scope(), together.scope()];
        const running = Promise.allSettled([
          shelf.note(before.native, "before"),
          shelf.read(waits.native, "theirs"),
          shelf.note(behind.native, "behind"),
        ]);
        await halted(url(), pid);
        await together.undo();
        await running;
        const contended = [before, waits, behind].map((scope) => scope.contended);
        assert.deepEqual(contended, [false, true, false]);
      });
      await row.release();
      await store.close();
    });

    it("statement-timeout, errors-of-the-handlers-own-sql: tried, and parked", async () => {
      await using shelf = await kind.make({ sessionOptions: "-c statement_timeout=300" });
      const raised = ["57014", "55P03", "57000", "40001", "40P01", "XX000", "53100", "08006"];
      const played = handling(async (n, tx) => {
        await tx.query("SELECT 1");
        if (n === 0) await tx.query("SELECT pg_sleep(5)");
        const code = raised[n - 1];
        if (code !== undefined)
          await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`);
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played);
      await stage.hear(...range(20).map(askedFor));
      const codes = await eventually("all are parked", stage.codes, ({ length }) => length === 9);
      assert.deepEqual(codes, ["57014", ...raised].sort());
      for (const { attempts } of await stage.parked()) assert.equal(attempts, 2);
      const good = range(20).slice(9);
      assert.deepEqual((await shelf.seen()).notes, good.map(String).sort());
      assert.equal((await stage.app.health()).state, "ready");
    });

    const ORDERS = [
      ["one row each", (n: number) => [n]],
      ["rows in any order", (n: number) => (n % 2 === 0 ? [n, n + 1, n + 2] : [n + 2, n + 1, n])],
    ] as const;
    for (const [what, rows] of ORDERS)
      it(`deadlocks: ${what}, in two processes: all are taken, nothing is parked`, async () => {
        await using shelf = await kind.make({ sessionOptions: "-c deadlock_timeout=20" });
        const items = range(4).map((n) => `item ${n}`);
        await shelf.stock(Object.fromEntries(items.map((item) => [item, 0])));
        const played = handling(async (n, tx) => {
          for (const item of rows(n).map((i) => `item ${i % items.length}`)) {
            const count = await shelf.read(tx, item);
            await turn();
            await shelf.write(tx, item, count + 1);
          }
        });
        const retry = { attempts: 100, firstMs: 1, longestMs: 20 };
        await using one = await open(shelf, played, { retry });
        await using two = await open(shelf, played, { retry });
        await Promise.all([
          one.hear(...range(30).map(askedFor)),
          two.hear(...range(30).map((n) => askedFor(n + 30))),
        ]);
        await eventually("all are taken", () => countOf(shelf), 60 * rows(0).length);
        assert.deepEqual(await one.parked(), []);
      });

    it("a handler that has written and then waits delays no other saga", async () => {
      await using shelf = await kind.make();
      const { promise: opened, resolve: openGate } = Promise.withResolvers<void>();
      const played = handling(async (n, tx) => {
        await shelf.note(tx, `${n}`);
        if (n === 0) await opened;
      });
      await using stage = await open(shelf, played);
      const slow = stage.hear(askedFor(0));
      for (let from = 1; from < 31; from += 10)
        await stage.hear(...range(10).map((n) => askedFor(from + n)));
      assert.equal((await shelf.seen()).notes.length, 30);
      openGate();
      await slow;
      assert.equal((await shelf.seen()).notes.length, 31);
    });

    it("a statement that is not awaited fails its delivery, with the real cause", async () => {
      await using shelf = await kind.make();
      const unhandled: unknown[] = [];
      const listener = (reason: unknown) => unhandled.push(reason);
      process.on("unhandledRejection", listener);
      const helper = async (tx: Sql) => {
        await tx.query("SELECT pg_sleep(0.01)");
        await shelf.fail(tx);
      };
      const runs = new Map<number, number>();
      const played = handling(async (n, tx) => {
        runs.set(n, (runs.get(n) ?? 0) + 1);
        await shelf.note(tx, `${n}`);
        if (n === 0) void shelf.fail(tx);
        if (n === 1) void helper(tx);
        if (n === 2) void tx.query("SELECT pg_sleep(0.01)");
        // Here it has failed before the handler returns, and nothing looks at it.
        if (n === 3) {
          void tx.query("SELECT nothing FROM nowhere");
          for (let turns = 0; turns < 50; turns++) await turn();
        }
      });
      {
        await using stage = await open(shelf, played, { retry: { attempts: 1 } });
        await stage.hear(...range(8).map(askedFor));
        const parked = await stage.parked();
        const codeOf = (n: number) => parked.find(({ sagaId }) => sagaId === `saga ${n}`);
        assert.equal(codeOf(0)?.code, "STATEMENT_NOT_AWAITED");
        assert.match(codeOf(0)?.stack ?? "", /null value in column/);
        assert.equal(codeOf(1)?.code, "STATEMENT_NOT_AWAITED");
        assert.equal(codeOf(2)?.code, "STATEMENT_NOT_AWAITED");
        assert.ok(["42P01", "STATEMENT_NOT_AWAITED"].includes(codeOf(3)?.code ?? ""));
        assert.deepEqual((await shelf.seen()).notes, ["4", "5", "6", "7"]);
        for (const n of [4, 5, 6, 7]) assert.equal(runs.get(n), 1, `runs of ${n}`);
      }
      process.off("unhandledRejection", listener);
      assert.deepEqual(unhandled, []);
    });

    it("a value that cannot be written costs its own delivery", async () => {
      await using shelf = await kind.make();
      const played = handling(async (n, tx) => {
        const value = n === 33 ? { amount: 10n } : `${n}`;
        if (n % 2 === 0) tx.send("INSERT INTO notes VALUES ($1)", [value]);
        else await tx.query("INSERT INTO notes VALUES ($1)", [value]);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      for (let from = 0; from < 60; from += 20)
        await stage.hear(...range(20).map((n) => askedFor(from + n)));
      await eventually("the others are done", async () => (await shelf.seen()).notes.length, 59);
      assert.deepEqual(await stage.codes(), ["HANDLER_FAILED"]);
    });
  });
}
