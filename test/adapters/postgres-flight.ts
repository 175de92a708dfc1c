import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import pg from "pg";
import { OWN_TRANSACTION } from "../../src/adapters/postgres/open-transaction.ts";
import { poolOf } from "../../src/adapters/postgres/options.ts";
import { newSchema } from "../servers/postgres.ts";
import { closing } from "../support/scope.ts";
import { Wire } from "./postgres-wire.ts";

const { begin, commit, rollback } = OWN_TRANSACTION;

interface Parts {
  readonly client: pg.PoolClient;
  readonly pool: pg.Pool;
  /** Straight to the server. */
  readonly own: pg.Pool;
  readonly wire: Wire;
  /** A table of the schema, with one column `n`. */
  readonly table: string;
  /** A prepared statement that writes a row. */
  insert(n: number): Promise<pg.QueryResult>;
  /** What other sessions see. */
  rows(): Promise<readonly number[]>;
}

/** Statements of one turn on a connection of the adapter's pool. */
export function flightCases({ describe, it }: Runner, url: () => string): void {
  const onWire = (name: string, body: (parts: Parts) => Promise<void>) => {
    it(name, async () => {
      await using scope = new AsyncDisposableStack();
      const own = new pg.Pool({ connectionString: url(), max: 1 });
      scope.defer(() => own.end());
      const schema = newSchema();
      const table = `${schema}.row`;
      await own.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${table} (n int PRIMARY KEY)`);
      scope.defer(async () => void (await own.query(`DROP SCHEMA ${schema} CASCADE`)));
      const { wire, url: through } = await Wire.before(url());
      scope.use(closing(wire));
      const pool = poolOf({ connectionString: through, connectionsMax: 1 });
      scope.defer(() => pool.end());
      const client = await pool.connect();
      let broken = false;
      client.once("end", () => (broken = true));
      scope.defer(() => client.release(broken));
      wire.take();
      await body({
        ...{ client, pool, own, wire, table },
        insert: (n) =>
          client.query({ name: "insert", text: `INSERT INTO ${table} VALUES ($1)`, values: [n] }),
        rows: async () =>
          (await own.query(`SELECT n FROM ${table} ORDER BY n`)).rows.map((row) => Number(row.n)),
      });
    });
  };

  describe("postgres: flights", () => {
    onWire("in a transaction the statements of one turn have one Sync", async (parts) => {
      const { client, wire, insert, rows } = parts;
      const [begun, first] = await Promise.all([client.query(begin), insert(1)]);
      assert.equal(wire.take(), "PBEPBEPBEPBEPBDES");
      assert.equal(Array.isArray(begun), true);
      assert.equal(first.rowCount, 1);
      const savepoint = client.query("SAVEPOINT a");
      const read = client.query("SELECT $1::int AS a, $2::text AS b", [7, "x"]);
      const more = [insert(2), insert(3)];
      const committed = client.query(commit);
      assert.deepEqual((await read).rows, [{ a: 7, b: "x" }]);
      for (const one of more) assert.equal((await one).rowCount, 1);
      assert.equal((await savepoint).command, "SAVEPOINT");
      assert.equal((await committed).command, "COMMIT");
      assert.equal(wire.take(), "PBEPBDEBEBEPBES");
      assert.deepEqual(await rows(), [1, 2, 3]);
    });

    onWire("outside of a transaction each has its own: what failed costs itself", async (parts) => {
      const { wire, insert, rows } = parts;
      const settled = await Promise.allSettled([insert(1), insert(1), insert(2)]);
      assert.deepEqual(
        settled.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.equal(wire.take(), "PBDESBDESBDES");
      assert.deepEqual(await rows(), [1, 2]);
    });

    onWire("after a transaction each has its own again", async (parts) => {
      const { client, wire, insert, rows } = parts;
      await Promise.all([client.query(begin), insert(1), client.query(commit)]);
      await Promise.all([client.query(begin), insert(2), client.query(rollback)]);
      wire.take();
      await Promise.allSettled([insert(3), insert(3), insert(4)]);
      assert.equal(wire.take(), "BESBESBES");
      assert.deepEqual(await rows(), [1, 3, 4]);
    });

    onWire("a text without values is not skipped: ROLLBACK TO undoes a failure", async (parts) => {
      const { client, wire, insert, rows } = parts;
      const settled = await Promise.allSettled([
        client.query(begin),
        insert(1),
        client.query("SAVEPOINT a"),
        insert(1),
        insert(2),
        client.query("ROLLBACK TO a"),
        insert(3),
        client.query(commit),
      ]);
      assert.deepEqual(settled.map(codeOf), ["", "", "", "23505", "25P02", "", "", ""]);
      assert.equal(wire.take().replaceAll(/[^QS]/g, ""), "SQS");
      assert.deepEqual(await rows(), [1, 3]);
    });

    onWire("what is skipped fails as in an aborted transaction, with the cause", async (parts) => {
      const { client, insert, rows } = parts;
      await client.query(begin);
      const first = insert(1);
      const failing = client.query("SELECT 1 / $1::int", [0]);
      const behind = insert(2);
      const committed = client.query(commit);
      assert.equal((await first).rowCount, 1);
      const cause = await failing.catch((error: unknown) => error);
      for (const skipped of [behind, committed])
        await assert.rejects(skipped, (error: Error & { code?: string }) => {
          assert.equal(error.code, "25P02");
          assert.equal(error.cause, cause);
          assert.match(error.message, /^current transaction is aborted.*division by zero$/);
          return true;
        });
      await assert.rejects(insert(3), { code: "25P02" });
      assert.equal((await client.query(rollback)).command, "ROLLBACK");
      assert.deepEqual(await rows(), []);
      await Promise.all([client.query(begin), insert(4), client.query(commit)]);
      assert.deepEqual(await rows(), [4]);
    });

    onWire("a skipped statement is prepared again", async ({ client, wire }) => {
      const named = (n: number) => client.query({ name: "n", text: "SELECT $1::int", values: [n] });
      await client.query(begin);
      await client.query("SAVEPOINT a");
      const failing = client.query("SELECT 1 / $1::int", [0]);
      const skipped = [named(1), named(2)];
      const undone = failing.catch(() => client.query("ROLLBACK TO a"));
      for (const one of skipped) await assert.rejects(one, { code: "25P02" });
      await undone;
      wire.take();
      const [first, second] = await Promise.all([named(3), named(4)]);
      assert.deepEqual([first?.rows, second?.rows], [[{ int4: 3 }], [{ int4: 4 }]]);
      await client.query(rollback);
      assert.equal(wire.take(), "PBDEBDESQ");
    });

    onWire(
      "what a later flight takes for prepared is skipped as well",
      async ({ client, wire }) => {
        const named = (n: number) =>
          client.query({ name: "n", text: "SELECT $1::int", values: [n] });
        await client.query(begin);
        const failed = wire.holdFailure();
        const failing = client.query("SELECT 1 / $1::int", [0]);
        const skipped = [failing, named(1)];
        await failed;
        skipped.push(named(2));
        const settled = await Promise.allSettled(skipped);
        assert.deepEqual(settled.map(codeOf), ["22012", "25P02", "25P02"]);
        await client.query(rollback);
        assert.deepEqual((await named(3)).rows, [{ int4: 3 }]);
      },
    );

    onWire("so is what is alone in its flight, behind one that was refused", async (parts) => {
      const { client, wire } = parts;
      const named = (n: number) => client.query({ name: "n", text: "SELECT $1::int", values: [n] });
      await client.query(begin);
      const failed = wire.holdFailure();
      const flights = [client.query("SELECT 1 / $1::int", [0])];
      for (const n of [1, 2]) {
        // A flight for each: none of them knows of the failure.
        await new Promise(setImmediate);
        flights.push(named(n));
      }
      await failed;
      flights.push(named(3));
      const settled = await Promise.allSettled(flights);
      assert.deepEqual(settled.map(codeOf), ["22012", "25P02", "25P02", "25P02"]);
      await client.query(rollback);
      assert.deepEqual((await named(4)).rows, [{ int4: 4 }]);
    });

    onWire(
      "behind ROLLBACK TO a name that is not prepared is a failure of its own",
      async (parts) => {
        const { client, wire } = parts;
        const named = (n: number) =>
          client.query({ name: "n", text: "SELECT $1::int", values: [n] });
        await client.query(begin);
        await client.query("SAVEPOINT a");
        const failed = wire.holdFailure();
        const flight = [client.query("SELECT 1 / $1::int", [0]), named(1)];
        await failed;
        const settled = await Promise.allSettled([
          ...flight,
          client.query("ROLLBACK TO a"),
          named(2),
        ]);
        assert.deepEqual(settled.map(codeOf), ["22012", "25P02", "", "26000"]);
        await client.query(rollback);
      },
    );

    onWire("a name that is prepared again meanwhile is kept", async ({ client, wire }) => {
      const named = (n: number) => client.query({ name: "n", text: "SELECT $1::int", values: [n] });
      await client.query(begin);
      await client.query("SAVEPOINT a");
      wire.take();
      wire.holdBehindFailure();
      const failing = client.query("SELECT 1 / $1::int", [0]);
      const skipped = named(1);
      // Sent before the server says that it is ready again, and the client that this was skipped.
      const again = failing.catch(() => Promise.all([client.query("ROLLBACK TO a"), named(2)]));
      await assert.rejects(skipped, { code: "25P02" });
      assert.deepEqual((await named(3)).rows, [{ int4: 3 }]);
      await again;
      await client.query(rollback);
      assert.equal(wire.take(), "PBDEPBDESQPBDESBDESQ");
    });

    onWire("a statement is described once", async ({ client, own, wire, table }) => {
      const read = { name: "read", text: `SELECT * FROM ${table} WHERE n > $1`, values: [0] };
      await client.query(begin);
      const [first] = await Promise.all([client.query(read), client.query(read)]);
      await client.query(`INSERT INTO ${table} VALUES (5)`);
      const later = await client.query(read);
      const asArray = await client.query({ ...read, rowMode: "array" });
      assert.deepEqual([first?.rows, later.rows, asArray.rows], [[], [{ n: 5 }], [[5]]]);
      assert.deepEqual(later.fields, first?.fields);
      await client.query(commit);
      assert.equal(wire.take().replaceAll(/[^D]/g, ""), "DD");
      await own.query(`ALTER TABLE ${table} ADD COLUMN more text DEFAULT 'x'`);
      await assert.rejects(client.query(read), { code: "0A000" });
    });

    onWire("an unwritable value and an empty text do not end a flight", async (parts) => {
      const { client, insert, rows } = parts;
      const toPostgres = () => {
        throw new Error("unwritable");
      };
      const settled = await Promise.allSettled([
        client.query(begin),
        insert(1),
        client.query("SELECT $1::text", [{ toPostgres }]),
        client.query({ name: "empty", text: "" }),
        insert(2),
        client.query(commit),
      ]);
      assert.deepEqual(
        settled.map(({ status }) => status),
        ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
      );
      assert.deepEqual(await rows(), [1, 2]);
    });

    onWire(
      "COPY is refused, and the connection goes on",
      async ({ client, insert, table, rows }) => {
        const settled = await Promise.allSettled([
          client.query(begin),
          client.query(`COPY ${table} FROM STDIN`),
        ]);
        assert.deepEqual(settled.map(codeOf), ["", "57014"]);
        await client.query(rollback);
        const copied = await client.query(`COPY (SELECT 1) TO STDOUT`);
        assert.equal(copied.command, "COPY");
        await insert(1);
        assert.deepEqual(await rows(), [1]);
      },
    );

    onWire("notices come in the middle", async ({ client, insert, rows }) => {
      const notices: unknown[] = [];
      client.on("notice", ({ message }) => notices.push(message));
      const loud = "SELECT set_config('client_min_messages', $1, true)";
      await Promise.all([
        client.query(begin),
        client.query(loud, ["notice"]),
        insert(1),
        client.query("DO $$ BEGIN RAISE NOTICE 'heard'; END $$"),
        insert(2),
        client.query(commit),
      ]);
      assert.deepEqual(notices, ["heard"]);
      assert.deepEqual(await rows(), [1, 2]);
    });

    onWire("a cancelled statement takes those behind it along", async (parts) => {
      const { client, own, insert, rows } = parts;
      await client.query(begin);
      const { rows: pids } = await client.query("SELECT pg_backend_pid() AS pid");
      const settled = Promise.allSettled([
        insert(1),
        client.query("SELECT pg_sleep($1)", [3_600]),
        insert(2),
      ]);
      let ended = false;
      void settled.then(() => (ended = true));
      // Before it sleeps there is nothing to cancel.
      while (!ended)
        await own.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
             WHERE pid = $1 AND wait_event = 'PgSleep'`,
          [pids[0].pid],
        );
      assert.deepEqual((await settled).map(codeOf), ["", "57014", "25P02"]);
      await client.query(rollback);
      await insert(3);
      assert.deepEqual(await rows(), [3]);
    });

    onWire("a connection that ends in the middle fails all, and commits nothing", async (parts) => {
      const { client, insert, rows } = parts;
      client.on("error", () => {});
      const settled = await Promise.allSettled([
        client.query(begin),
        insert(1),
        client.query("SELECT pg_terminate_backend($1)", [await pidOf(client)]),
        insert(2),
        client.query(commit),
      ]);
      const codes = settled.map(codeOf);
      // The last two were not skipped: no server has said so.
      assert.deepEqual(codes.slice(2), ["57P01", "lost", "lost"]);
      assert.deepEqual(await rows(), []);
    });
  });
}

async function pidOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  return Number(rows[0]?.pid);
}

/** The code of a failure; "lost" where it has none, and "" without a failure. */
export function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === "fulfilled") return "";
  return String(result.reason?.code ?? "lost");
}
