import assert from "node:assert/strict";
import { PermanentError, type Store, service, start, type Tx } from "odori";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { placed } from "../support/contracts.ts";
import { envelope, silent } from "../support/stage.ts";

/** A handler of `Tx` for each saga id; it returns what it has read. */
type Handlers = Readonly<Record<string, (tx: Tx) => Promise<unknown>>>;

/** What `Tx` is on every SQL store. */
export function txCases({ it }: Runner, store: () => Store<Tx>): void {
  /** Runs handlers one after the other; resolves to what they returned, or the code they failed. */
  const play = async (setup: string, handlers: Handlers) => {
    const seen: Record<string, unknown> = {};
    const played = service<Tx>("tx", { setup: (tx) => tx.query(setup) }).on(placed, {
      name: "play",
      async handle({ data: { orderId } }, { tx }) {
        seen[orderId] = await handlers[orderId]?.(tx);
      },
    });
    const bus = memoryBus(["tx"]);
    const app = await start(played, {
      store: store(),
      bus,
      logger: silent,
      retry: { attempts: 1 },
    });
    for (const orderId of Object.keys(handlers))
      await bus.publish([envelope(placed, orderId, { orderId })]);
    for (const { sagaId, problem } of await app.inspect.deferred(["parked"], 100))
      seen[sagaId] = problem?.code;
    await app.stop();
    await bus.close();
    return seen;
  };
  const TABLE = "CREATE TABLE IF NOT EXISTS t (a TEXT, b TEXT); CREATE INDEX t_a ON t (a)";

  it("values have numbers, in any order and more than once; a text keeps its dollars", async () => {
    const seen = await play(TABLE, {
      write: async (tx) =>
        (await tx.query("INSERT INTO t (b, a) VALUES ($2, $1 || $1 || '$1')", ["x", "y"])).rowCount,
      read: async (tx) =>
        (await tx.query("SELECT a, b, '$2' AS c FROM t WHERE b = $1 -- not $3", ["y"])).rows,
      change: async (tx) => (await tx.query("UPDATE t SET b = $1 RETURNING b", ["z"])).rows,
      script: async (tx) => {
        await tx.query("INSERT INTO t (a) VALUES ('1;2'); INSERT INTO t (a) VALUES ('3')");
        return (await tx.query("SELECT a FROM t WHERE a LIKE '%;%';")).rows;
      },
    });
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), {
      write: 1,
      read: [{ a: "xx$1", b: "y", c: "$2" }],
      change: [{ b: "z" }],
      script: [{ a: "1;2" }],
    });
  });

  it("several statements with values are refused, and nothing of them is written", async () => {
    const seen = await play(TABLE, {
      several: (tx) => tx.query("INSERT INTO t (a) VALUES ($1); DELETE FROM t", ["x"]),
      read: async (tx) => (await tx.query("SELECT a FROM t")).rows.length,
    });
    // Postgres has a code of its own: a syntax error.
    assert.match(String(seen.several), /^(STATEMENT_UNSUPPORTED|42601)$/);
    assert.equal(seen.read, 0);
  });

  it("a missing value is refused, and is not NULL", async () => {
    const seen = await play(TABLE, {
      missing: (tx) => tx.query("INSERT INTO t (a, b) VALUES ($1, $2)", ["x"]),
      read: async (tx) => (await tx.query("SELECT a FROM t")).rows.length,
    });
    // Postgres has a code of its own: a message that does not fit its statement.
    assert.match(String(seen.missing), /^(OPTION_INVALID|08P01)$/);
    assert.equal(seen.read, 0);
  });

  it("a date, an object and nothing are stored as text and NULL", async () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    const seen = await play("CREATE TABLE v (at TIMESTAMPTZ, data JSON, none TEXT)", {
      write: (tx) => tx.query("INSERT INTO v VALUES ($1, $2, $3)", [at, { a: [1] }, undefined]),
      read: async (tx) => (await tx.query("SELECT at, data, none FROM v")).rows[0],
    });
    const { at: stored, data, none } = Object(seen.read);
    assert.deepEqual(new Date(stored), at);
    assert.deepEqual(typeof data === "string" ? JSON.parse(data) : data, { a: [1] });
    assert.equal(none, null);
  });

  it("a statement that is not awaited is the delivery's failure, and leaves nothing", async () => {
    const seen = await play(TABLE, {
      fine: async (tx) => void tx.query("INSERT INTO t (a) VALUES ('lost')"),
      fails: async (tx) => void tx.query("INSERT INTO nowhere VALUES (1)"),
      caught: async (tx) => {
        await tx.query("SELECT 1");
        tx.query("INSERT INTO t (a) VALUES ('lost')");
        throw new PermanentError("the handler's own failure");
      },
      read: async (tx) => (await tx.query("SELECT a FROM t")).rows.length,
    });
    assert.deepEqual(seen, {
      fine: "STATEMENT_NOT_AWAITED",
      fails: "STATEMENT_NOT_AWAITED",
      caught: "PERMANENT",
      read: 0,
    });
  });

  it("what is sent is written and seen by the handler; a failure is the delivery's", async () => {
    const insert = "INSERT INTO t (a) VALUES ($1)";
    const seen = await play(TABLE, {
      sent: async (tx) => {
        tx.send(insert, ["1"]);
        tx.send("INSERT INTO t (a) VALUES ('2')");
        const { rows } = await tx.query("SELECT a FROM t ORDER BY a");
        tx.send("UPDATE t SET b = a");
        return rows;
      },
      failing: async (tx) => {
        tx.send(insert, ["lost"]);
        tx.send("INSERT INTO nowhere VALUES (1)");
      },
      explained: async (tx) => {
        tx.send("INSERT INTO nowhere VALUES (1)");
        await tx.query("SELECT 1");
      },
      ignored: async (tx) => {
        tx.send("INSERT INTO nowhere VALUES (1)");
        await tx.query("SELECT 1").catch(() => {});
      },
      thrown: async (tx) => {
        tx.send(insert, ["lost"]);
        throw new PermanentError("the handler's own failure");
      },
      read: async (tx) => (await tx.query("SELECT b FROM t ORDER BY b")).rows,
    });
    const { failing, explained, ignored, ...rest } = seen;
    // Postgres has a code of its own: the table is missing.
    for (const code of [failing, explained, ignored])
      assert.match(String(code), /^(ERR_SQLITE_ERROR|42P01)$/);
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), {
      sent: [{ a: "1" }, { a: "2" }],
      thrown: "PERMANENT",
      read: [{ b: "1" }, { b: "2" }],
    });
  });
}
