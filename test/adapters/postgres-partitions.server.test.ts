import { grants, migrate, type PostgresStore, postgres } from "odori/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sampleDeferred,
  sampleEntry,
  sampleReceipt,
  writes,
} from "../../src/conformance/samples.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";

const WEEK_MS = 7 * 86_400_000;
/** The beginning of a week, as partitions divide time. */
const MONDAY = 3_000 * WEEK_MS;
const RETENTION_MS = 2 * WEEK_MS;

/** One schema whose clock the test sets, with a store in it. */
interface Play {
  readonly store: PostgresStore;
  readonly schema: string;
  setClock(now: number): Promise<void>;
  /** The weeks that have a partition, as numbers relative to `MONDAY`. */
  weeks(): Promise<readonly number[]>;
  /** Purges until nothing is left to do. Resolves to the number of calls. */
  purgeAll(): Promise<number>;
  begin(sagaId: string, state?: "parked"): Promise<void>;
}

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres partitions"), () => {
  let own: pg.Pool;
  beforeAll(() => {
    own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 2 });
  });
  afterAll(() => own.end());

  const play = (name: string, body: (play: Play) => Promise<void>) =>
    it(name, async () => {
      const schema = newSchema();
      const connectionString = serverUrl("postgres");
      await migrate("shop", { connectionString, schema });
      await own.query(`CREATE TABLE ${schema}.clock (now bigint);
        INSERT INTO ${schema}.clock VALUES (${MONDAY});
        CREATE OR REPLACE FUNCTION ${schema}.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
          AS 'SELECT now FROM ${schema}.clock'`);
      const store = postgres({ connectionString, schema });
      await store.open({ service: "shop", owner: "p1", leaseMs: 1_000, now: Date.now });
      await store.purge(RETENTION_MS, 10);
      try {
        await body({
          store,
          schema,
          setClock: async (now) => {
            await own.query(`UPDATE ${schema}.clock SET now = $1`, [now]);
          },
          weeks: async () => (await weeksOf(own, schema)).map((week) => week - 3_000),
          async purgeAll() {
            for (let calls = 1; ; calls++)
              if (!(await store.purge(RETENTION_MS, 2)).more) return calls;
          },
          async begin(sagaId, state) {
            await store.transaction(async (tx) => {
              await tx.receive([sampleReceipt("1", { sagaId })]);
              const journal = [sampleEntry("1", { sagaId })];
              const defer = state === undefined ? [] : [sampleDeferred("1", { sagaId, state })];
              const marks = [{ sagaId, name: "paid", state: "done" }];
              await tx.write(writes({ journal, defer, marks }));
            });
          },
        });
      } finally {
        await store.close();
        await own.query(`DROP SCHEMA ${schema} CASCADE`);
      }
    });

  const sagasIn = async (schema: string) =>
    (await own.query(`SELECT saga_id FROM ${schema}.saga ORDER BY saga_id`)).rows.map(
      ({ saga_id }) => saga_id,
    );

  play("each week has its own, made ahead", async ({ weeks, schema, setClock, begin, store }) => {
    expect(await weeks()).toEqual([0, 1, 2]);
    await begin("a");
    await setClock(MONDAY + WEEK_MS);
    await begin("b");
    const { rows } = await own.query(
      `SELECT saga_id, tableoid::regclass::text AS place FROM ${schema}.inbox ORDER BY saga_id`,
    );
    expect(rows.map(({ place }) => place)).toEqual([
      `${schema}.inbox_w3000`,
      `${schema}.inbox_w3001`,
    ]);
    await store.purge(RETENTION_MS, 10);
    expect(await weeks()).toEqual([0, 1, 2, 3]);
  });

  play("a closed week goes as a whole, and its sagas after it", async (parts) => {
    const { store, weeks, schema, setClock, begin, purgeAll } = parts;
    for (const sagaId of ["a", "b", "c"]) await begin(sagaId);
    await setClock(MONDAY + WEEK_MS + 1);
    await begin("next");
    await setClock(MONDAY + WEEK_MS + RETENTION_MS - 1);
    await purgeAll();
    expect(await weeks()).toContain(0);
    expect(await sagasIn(schema)).toEqual(["a", "b", "c", "next"]);
    await setClock(MONDAY + WEEK_MS + RETENTION_MS);
    expect(await purgeAll()).toBeGreaterThan(1);
    expect(await weeks()).not.toContain(0);
    expect(await sagasIn(schema)).toEqual(["next"]);
    expect((await store.inspect.journal("next")).length).toBe(1);
  });

  play("whether a week can go is looked up once, however many sagas follow", async (parts) => {
    const { schema, setClock, begin, purgeAll } = parts;
    for (const sagaId of ["a", "b", "c", "d", "e"])
      await begin(sagaId, sagaId === "b" ? "parked" : undefined);
    await own.query(`CREATE TABLE ${schema}.asked (week bigint);
      ALTER FUNCTION ${schema}.drop_partition RENAME TO drop_it;
      CREATE FUNCTION ${schema}.drop_partition(week bigint, before bigint) RETURNS bigint
        LANGUAGE sql AS 'INSERT INTO ${schema}.asked VALUES (week);
          SELECT ${schema}.drop_it(week, before)'`);
    const asked = async () =>
      (await own.query(`SELECT count(*)::int AS n FROM ${schema}.asked WHERE week = 3000`)).rows;
    await setClock(MONDAY + 2 * RETENTION_MS);
    expect(await purgeAll()).toBeGreaterThan(2);
    expect(await asked()).toEqual([{ n: 1 }]);
    expect(await sagasIn(schema)).toEqual(["b"]);
    await purgeAll();
    expect(await asked()).toEqual([{ n: 2 }]);
  });

  play("an open saga keeps its week; its neighbours go", async (parts) => {
    const { store, weeks, schema, setClock, begin, purgeAll } = parts;
    for (const sagaId of ["a", "b", "c"])
      await begin(sagaId, sagaId === "b" ? "parked" : undefined);
    await setClock(MONDAY + 2 * RETENTION_MS);
    await purgeAll();
    expect(await weeks()).toContain(0);
    expect(await sagasIn(schema)).toEqual(["b"]);
    const [received] = await store.transaction((tx) =>
      tx.receive([sampleReceipt("1", { sagaId: "b" })]),
    );
    expect([received?.status, received?.marks.get("paid")]).toEqual(["duplicate", "done"]);
    const [parked] = await store.inspect.deferred(["parked"], 1);
    await store.inspect.discard(parked?.seq ?? -1, "a test");
    await purgeAll();
    expect(await sagasIn(schema)).toEqual(["b"]);
    await setClock(MONDAY + 4 * RETENTION_MS);
    await purgeAll();
    expect(await weeks()).not.toContain(0);
    expect(await sagasIn(schema)).toEqual([]);
  });

  play("a transaction in the way is not waited for; the next purge drops", async (parts) => {
    const { store, weeks, schema, setClock, begin, purgeAll } = parts;
    await begin("a");
    await setClock(MONDAY + 2 * RETENTION_MS);
    const other = await own.connect();
    await other.query(`BEGIN; SELECT count(*) FROM ${schema}.inbox`);
    expect(await store.purge(RETENTION_MS, 10)).toEqual({ rows: 0, more: false });
    expect(await weeks()).toContain(0);
    await other.query("COMMIT");
    other.release();
    await purgeAll();
    expect(await weeks()).not.toContain(0);
  });

  play("the application's role makes and drops them by functions of the owner", async (parts) => {
    const { schema, weeks, setClock, begin } = parts;
    const role = `app_${schema}`;
    const asRole = new URL(serverUrl("postgres"));
    asRole.username = role;
    await own.query(`CREATE ROLE ${role} LOGIN; ${grants(role, { schema })}
      GRANT SELECT ON ${schema}.clock TO ${role}`);
    await begin("a");
    await setClock(MONDAY + 2 * RETENTION_MS);
    const store = postgres({ connectionString: asRole.href, schema });
    await store.open({ service: "shop", owner: "p2", leaseMs: 1_000, now: Date.now });
    await store.purge(RETENTION_MS, 10);
    await store.close();
    const left = await weeks();
    expect(left).toEqual([2, 4, 5, 6]);
    await own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
});

/** The weeks since 1970 that have a partition. */
async function weeksOf(own: pg.Pool, schema: string): Promise<readonly number[]> {
  const { rows } = await own.query(
    `SELECT substr(c.relname, 8)::int AS week FROM pg_inherits i
     JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = '${schema}.inbox'::regclass AND c.relname ~ '^inbox_w' ORDER BY 1`,
  );
  return rows.map(({ week }) => week);
}
