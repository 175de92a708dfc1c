import { event, type Service, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { changesSession } from "../../src/adapters/postgres/session.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";

const asked = event("shop.asked.v1", z.object({ n: z.int() }));
const COUNT = 60;

/*
 * Handlers of one batch share a transaction and a connection, and run concurrently. One must not
 * affect another.
 */

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "handlers that share a transaction"),
  () => {
    let own: pg.Pool;
    beforeAll(() => {
      own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 2 });
    });
    afterAll(() => own.end());

    /**
     * Begins `COUNT` sagas at once, so that they share batches. Returns the rows that they wrote,
     * once all are done.
     */
    async function answered(
      handle: (n: number, tx: Sql, table: string) => Promise<void>,
    ): Promise<readonly string[]> {
      const schema = newSchema();
      const table = `${schema}.work`;
      const setup = (tx: Sql) => tx.query(`CREATE TABLE IF NOT EXISTS ${table} (n int, note text)`);
      let all = () => {};
      const finished = new Promise<void>((resolve) => (all = resolve));
      const shop: Service<Sql, typeof asked> = service<Sql>("shop").begins(asked);
      const desk = service<Sql>("desk", { setup }).on(asked, {
        async handle({ data: { n } }, { tx }) {
          await handle(n, tx, table);
        },
      });
      const bus = memoryBus([shop, desk]);
      const store = (name: string) =>
        postgres({ connectionString: serverUrl("postgres"), schema: `${schema}${name}` });
      const inner = postgres({ connectionString: serverUrl("postgres"), schema });
      const apps = [
        await start(shop, { store: store("s"), bus, pollMs: 20 }),
        await start(desk, {
          store: inner,
          bus,
          pollMs: 20,
          retry: { firstMs: 1 },
          logger: { debug() {}, info() {}, warn() {}, error() {} },
          probe: (step) => {
            if (step === "acknowledged")
              void inner.inspect.sagas(COUNT).then(
                (sagas) => sagas.length === COUNT && all(),
                () => {},
              );
          },
        }),
      ] as const;
      await Promise.all(
        Array.from({ length: COUNT }, (_, n) => apps[0].begin(`s${n}`, () => asked({ n }))),
      );
      await finished;
      const unfinished = () => inner.inspect.deferred(["retrying", "waiting"], 1);
      await eventually("no delivery is retried", unfinished, []);
      await Promise.all(apps.map((app) => app.stop()));
      const { rows } = await own.query<{ n: number; note: string }>(
        `SELECT n, note FROM ${table} ORDER BY n`,
      );
      await own.query(`DROP SCHEMA ${schema} CASCADE; DROP SCHEMA ${schema}s CASCADE`);
      return rows.map(({ n, note }) => `${n} ${note}`);
    }

    const expected = (note: (n: number) => string) =>
      Array.from({ length: COUNT }, (_, n) => `${n} ${note(n)}`);

    it("write what each of them means", async () => {
      const rows = await answered(async (n, tx, table) => {
        const { rows: read } = await tx.query("SELECT $1::int * 2 AS twice", [n]);
        await tx.query(`INSERT INTO ${table} (n, note) VALUES ($1, $2)`, [n, read[0]?.twice]);
      });
      expect(rows).toEqual(expected((n) => `${n * 2}`));
    });

    it("may each say something else to the session", async () => {
      const rows = await answered(async (n, tx, table) => {
        await tx.query(`SET LOCAL app.tenant = 't${n}'`);
        await tx.query("SELECT 1");
        await tx.query(
          `INSERT INTO ${table} (n, note) VALUES ($1, current_setting('app.tenant'))`,
          [n],
        );
      });
      expect(rows).toEqual(expected((n) => `t${n}`));
    });

    it("may go back to a savepoint, which undoes nothing of another", async () => {
      const rows = await answered(async (n, tx, table) => {
        // Some are ahead of others.
        for (let step = 0; step < n % 4; step++) await tx.query("SELECT 1");
        await tx.query(`INSERT INTO ${table} (n, note) VALUES ($1, 'kept')`, [n]);
        // A handler that hides what went wrong must not go on without its savepoint.
        await tx.query("SAVEPOINT mine").catch(() => {});
        await tx.query(`INSERT INTO ${table} (n, note) VALUES ($1, 'undone')`, [n]);
        await tx.query("ROLLBACK TO SAVEPOINT mine").catch(() => {});
      });
      expect(rows).toEqual(expected(() => "kept"));
    });

    it("take nothing with them when one fails", async () => {
      const failures = new Map<number, number>();
      const rows = await answered(async (n, tx, table) => {
        await tx.query(`INSERT INTO ${table} (n, note) VALUES ($1, 'done')`, [n]);
        // Once among the others, once alone; then it is retried.
        const before = failures.get(n) ?? 0;
        if (n % 7 !== 0 || before === 2) return;
        failures.set(n, before + 1);
        await tx.query("SELECT 1 / 0");
      });
      expect(rows).toEqual(expected(() => "done"));
    });
  },
);

describe("statements of the session", () => {
  it.each([
    "SET LOCAL app.tenant = 'a'",
    " set role x",
    "/* a comment */ RESET ALL",
    "-- a comment\nDISCARD ALL",
    "SELECT set_config('a', 'b', true)",
    "INSERT INTO x VALUES (1); SET LOCAL a = 'b'",
    "DECLARE c CURSOR FOR SELECT 1",
  ])("%s", (text) => expect(changesSession(text)).toBe(true));

  it.each([
    "UPDATE a\n  SET b = 1",
    "INSERT INTO settings (a) VALUES (1)",
    "SELECT a FROM release",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "SELECT lastval()",
    "WITH a AS (SELECT 1) SELECT * FROM a",
  ])("not: %s", (text) => expect(changesSession(text)).toBe(false));
});
