import { grants, migrate, postgres } from "odori/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sampleDeferred,
  sampleEvent,
  sampleReceipt,
  writes,
} from "../../src/conformance/samples.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { lostAnswers } from "./postgres-answers.ts";
import { planCases } from "./postgres-plans.ts";

const session = { service: "shop", owner: "p1", leaseMs: 1_000, now: Date.now };

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres store"), () => {
  let own: pg.Pool;
  beforeAll(() => {
    own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
  });
  afterAll(() => own.end());

  lostAnswers({ describe, it }, () => serverUrl("postgres"));
  planCases({ describe, it }, () => serverUrl("postgres"));

  it("ten processes may start at once on an empty database", async () => {
    const schema = newSchema();
    const stores = Array.from({ length: 10 }, () =>
      postgres({ connectionString: serverUrl("postgres"), schema, connectionsMax: 2 }),
    );
    await Promise.all(stores.map((store, i) => store.open({ ...session, owner: `p${i}` })));
    await Promise.all(stores.map((store) => store.close()));
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it.each([
    { name: "it saw as a member", joinsLater: false },
    { name: "has joined since", joinsLater: true },
  ])("a claim leaves a row to a faster process that $name", async ({ joinsLater }) => {
    const schema = newSchema();
    const make = () => postgres({ connectionString: serverUrl("postgres"), schema });
    const [dead, fast, slow] = [make(), make(), make()];
    await dead.open({ ...session, owner: "dead", leaseMs: 60_000 });
    await dead.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    const join = () => fast.open({ ...session, owner: "fast", leaseMs: 60_000 });
    if (!joinsLater) await join();
    await slow.open({ ...session, owner: "slow", leaseMs: 60_000 });
    await own.query(
      `UPDATE ${schema}.member SET died_at = ${schema}.now_ms(), expires_at = 0
       WHERE owner = 'dead'`,
    );
    // It runs once a claim has its snapshot, and before it takes rows. The first waits.
    await own.query(`CREATE FUNCTION ${schema}.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_try_advisory_xact_lock(hashtext('first in ${schema}')) THEN
          PERFORM pg_advisory_xact_lock_shared(hashtext('${schema}'));
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER hold BEFORE UPDATE ON ${schema}.outbox EXECUTE FUNCTION ${schema}.hold()`);
    await own.query(`SELECT pg_advisory_lock(hashtext('${schema}'))`);
    const claimed = slow.claim(10);
    const waits = async () => {
      const found = `SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN
        (SELECT pid FROM pg_stat_activity WHERE query LIKE '%${schema}%outbox SET owner%')`;
      return (await own.query(found)).rows.length;
    };
    await eventually("the slow one has its snapshot", waits, 1);
    if (joinsLater) await join();
    expect((await fast.claim(10)).outbox).toHaveLength(1);
    await own.query(`SELECT pg_advisory_unlock(hashtext('${schema}'))`);
    expect((await claimed).outbox).toEqual([]);
    for (const store of [dead, fast, slow]) await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it("the application's role needs no DDL, and may do nothing else", async () => {
    const schema = newSchema();
    const role = `app_${schema}`;
    const asRole = new URL(serverUrl("postgres"));
    asRole.username = role;
    await own.query(`CREATE ROLE ${role} LOGIN`);
    const store = postgres({ connectionString: asRole.href, schema });
    await expect(store.open(session)).rejects.toMatchObject({
      code: "STORE_FORBIDDEN",
      message: expect.stringContaining("migrate"),
    });
    await migrate("shop", { connectionString: serverUrl("postgres"), schema });
    await own.query(grants(role, { schema }));
    await store.open(session);
    await store.transaction(async (tx) => {
      await tx.receive([
        {
          reaction: "r",
          source: "/s",
          id: "1",
          type: "t",
          sagaId: "s",
          gathers: false,
          seeks: [],
          deferred: undefined,
        },
      ]);
    });
    await expect(
      store.transaction((tx) => tx.native.query(`CREATE TABLE ${schema}.mine (x int)`)),
    ).rejects.toMatchObject({
      code: "42501",
    });
    await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
  });

  it("a command is told which right it lacks: to look takes less than to discard", async () => {
    const schema = newSchema();
    const role = `app_${schema}`;
    const asRole = new URL(serverUrl("postgres"));
    asRole.username = role;
    await migrate("shop", { connectionString: serverUrl("postgres"), schema });
    await own.query(`CREATE ROLE ${role} LOGIN`);
    const store = postgres({ connectionString: asRole.href, schema });
    const forbidden = { code: "STORE_FORBIDDEN", hint: expect.stringContaining("SELECT") };
    await expect(store.service()).rejects.toMatchObject(forbidden);
    await own.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
    expect([await store.service(), await store.inspect.list({ limit: 1 })]).toEqual(["shop", []]);
    await expect(store.inspect.retry(1)).rejects.toMatchObject(forbidden);
    await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
  });

  it("says what is wrong with the address or the database, and shows no password", async () => {
    const open = (url: string) =>
      postgres({ connectionString: url, connectTimeoutMs: 1_000 }).open(session);
    await expect(open("postgres://app:secret@127.0.0.1:1/shop")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    const missing = new URL(serverUrl("postgres"));
    missing.pathname = "/nowhere";
    missing.password = "secret";
    const refused: unknown = await open(missing.href).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("nowhere"),
    });
    expect(String(refused)).not.toContain("secret");
  });

  it("a prepared statement fails once after a change of its table, then works again", async () => {
    const schema = newSchema();
    const store = postgres({ connectionString: serverUrl("postgres"), schema, connectionsMax: 1 });
    await store.open(session);
    await own.query(`CREATE TABLE ${schema}.mine (x int); INSERT INTO ${schema}.mine VALUES (1)`);
    const read = () =>
      store.transaction(
        async ({ native }) =>
          (await native.query(`SELECT * FROM ${schema}.mine WHERE x = $1`, [1])).rows,
      );
    for (let n = 0; n < 3; n++) expect(await read()).toEqual([{ x: 1 }]);
    await own.query(`ALTER TABLE ${schema}.mine ADD COLUMN y int`);
    await expect(read()).rejects.toMatchObject({ code: "0A000" });
    expect(await read()).toEqual([{ x: 1, y: null }]);
    await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it("a closed store opens no connection, until it is opened again", async () => {
    const schema = newSchema();
    const url = new URL(serverUrl("postgres"));
    url.searchParams.set("application_name", schema);
    const store = postgres({ connectionString: url.href, schema });
    await store.open(session);
    await store.close();
    const closed = { code: "STOPPED" };
    await expect(store.transaction(async () => {})).rejects.toMatchObject(closed);
    await expect(store.inspect.counts()).rejects.toMatchObject(closed);
    await expect(store.service()).rejects.toMatchObject(closed);
    const handler = store.detached();
    await expect(handler.native.query("SELECT 1")).rejects.toMatchObject(closed);
    await handler.abandon().catch(() => {});
    // The server ends a session a moment after its client has left.
    const sessions = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1";
    await eventually("all have ended", async () => (await own.query(sessions, [schema])).rows, []);
    await store.open(session);
    expect(await store.service()).toBe("shop");
    await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it("a deadline that another process is calling off is not waited for", async () => {
    const schema = newSchema();
    const connect = () => postgres({ connectionString: serverUrl("postgres"), schema });
    const [first, second] = [connect(), connect()];
    await first.open(session);
    await second.open({ ...session, owner: "p2" });
    const deadline = { reaction: "expiry", sagaId: "s" };
    const armed = sampleDeferred("1", { ...deadline, state: "armed" });
    await first.transaction((tx) => tx.write(writes({ defer: [armed] })));
    const known = new Map([["expiry", [armed.type]]]);
    const { deferred } = await second.claim(1, { deferred: 1, known });
    const receipt = sampleReceipt("1", { ...deadline, deferred: deferred[0]?.seq });
    await first.transaction(async (tx) => {
      await tx.receive([sampleReceipt("2", { sagaId: "s" })]);
      await tx.write(writes({ drop: [{ ...deadline, state: "armed" }] }));
      const [received] = await second.transaction((other) => other.receive([receipt]));
      expect(received?.status).toBe("busy");
    });
    await Promise.all([first.close(), second.close()]);
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it("a handler is given up although its statement cannot be interrupted", async () => {
    const schema = newSchema();
    const role = `narrow_${schema}`;
    const asRole = new URL(serverUrl("postgres"));
    asRole.username = role;
    await migrate("shop", { connectionString: serverUrl("postgres"), schema });
    // One connection for all, and one that says that it lives: none is left to interrupt with.
    await own.query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 2`);
    await own.query(grants(role, { schema }));
    const store = postgres({ connectionString: asRole.href, schema, connectionsMax: 1 });
    await store.open(session);
    const first = store.detached();
    await own.query("SELECT pg_advisory_lock(7041)");
    const slow = first.native.query("SELECT pg_advisory_xact_lock(7041)").catch(() => {});
    await eventually("it waits for the lock", async () => {
      const { rowCount } = await own.query(
        "SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'advisory'",
        [role],
      );
      return rowCount === 1;
    });
    const abandoned = first.abandon();
    await own.query("SELECT pg_advisory_unlock(7041)");
    await abandoned;
    await slow;
    const second = store.detached();
    await second.native.query("SELECT 1");
    await second.abandon();
    await store.close();
    await own.query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
  });

  it("a schema must have a plain name", () => {
    expect(() => postgres({ schema: 'a"; DROP SCHEMA public' })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
