import { grants, migrate, type PostgresStore, postgres } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import {
  sampleDeferred,
  sampleEvent,
  sampleReceipt,
  writes,
} from "../../src/conformance/samples.ts";
import { TcpProxy } from "../chaos/proxy.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { recordCommits } from "../support/commits.ts";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";

const LIMIT_MS = 120_000;
/** Longer than any test. */
const LEASE_MS = 3_600_000;
const session = { service: "shop", leaseMs: LEASE_MS, now: Date.now };
const NOTHING = { processes: 0, events: 0, deliveries: 0 };
/** `default_pool_size` of the recipe. */
const POOLED = 5;

/** Of programs from before processes had locks. */
const EARLIER = {
  renew: (schema: string) => `INSERT INTO ${schema}.member (owner, expires_at, lease_ms)
    VALUES ($1, ${schema}.now_ms() + 60000, 60000) ON CONFLICT (owner)
    DO UPDATE SET expires_at = excluded.expires_at, lease_ms = excluded.lease_ms`,
  enqueue: (schema: string) => `INSERT INTO ${schema}.outbox (owner, count, events, at)
    VALUES ($1, 1, '[]', ${schema}.now_ms())`,
  claim: (schema: string) => `WITH clock AS MATERIALIZED (SELECT ${schema}.now_ms() AS t),
    live AS MATERIALIZED (SELECT coalesce(array_agg(owner), '{}') AS owners
      FROM ${schema}.member, clock WHERE expires_at > t AND expires_at <= t + lease_ms)
    UPDATE ${schema}.outbox SET owner = $1 WHERE ticket = ANY (ARRAY(
      SELECT ticket FROM ${schema}.outbox o
      WHERE o.owner IS NULL OR o.owner <> ALL ((SELECT owners FROM live)::text[])
      ORDER BY ticket LIMIT 10 FOR UPDATE SKIP LOCKED)) RETURNING ticket`,
} as const;

/** A schema with a connection that looks at it, and stores in it. */
async function place(scope: AsyncDisposableStack) {
  const schema = newSchema();
  const own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
  scope.defer(() => own.end());
  scope.defer(async () => void (await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)));
  await migrate("shop", { connectionString: serverUrl("postgres"), schema });
  const join = async (owner: string, url = serverUrl("postgres"), leaseMs = LEASE_MS) => {
    const store = scope.use(
      closing(postgres({ connectionString: url, schema, connectionsMax: 1 })),
    );
    await store.open({ ...session, owner, leaseMs });
    return store;
  };
  /** The server process that holds the lock of a member, as the member has told it. */
  const holder = async (owner: string): Promise<number | undefined> => {
    const found = await own.query(
      `SELECT pid FROM pg_locks, ${schema}.member WHERE owner = $1
         AND locktype = 'advisory' AND mode = 'ExclusiveLock' AND objid = lock_key::oid`,
      [owner],
    );
    return found.rows[0]?.pid;
  };
  const terminate = async (pid: number | undefined) => {
    await own.query("SELECT pg_terminate_backend($1)", [pid]);
    const gone = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
    await eventually("it is gone", async () => (await own.query(gone, [pid])).rowCount, 0);
  };
  return { schema, own, join, holder, terminate };
}

const enqueue = (store: PostgresStore, id: string) =>
  store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent(id)] })));

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "Postgres: processes of a service"),
  { timeout: LIMIT_MS },
  () => {
    it("one whose connection was ended takes another lock at once", async () => {
      await using scope = new AsyncDisposableStack();
      const { join, holder, terminate } = await place(scope);
      const one = await join("p1");
      await enqueue(one, "1");
      const other = await join("p2");
      await other.claim(10);
      const before = await holder("p1");
      expect(before).toBeTypeOf("number");
      await terminate(before);
      await eventually("it has another lock", async () => {
        const now = await holder("p1");
        return now !== undefined && now !== before;
      });
      const { outbox, takenOver } = await other.claim(10);
      expect([outbox, takenOver]).toEqual([[], NOTHING]);
      expect((await one.claim(10)).lost).toBe(false);
    });

    it("one that has joined survives a crash of the server; that it lives need not", async () => {
      await using scope = new AsyncDisposableStack();
      const { own, schema, join } = await place(scope);
      const commits = await recordCommits(own, `${schema}.member`);
      const one = await join("p1");
      await one.beat();
      expect(await commits()).toEqual(["INSERT local", "UPDATE off"]);
    });

    it("one that cannot show its lock loses what it has not begun, and no more", async () => {
      await using scope = new AsyncDisposableStack();
      const { schema, own, join, holder, terminate } = await place(scope);
      const role = `partitioned_${schema}`;
      const asRole = new URL(serverUrl("postgres"));
      asRole.username = role;
      // The one connection of its pool, and the one with the lock.
      await own.query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 2`);
      await own.query(grants(role, { schema }));
      await using _role = {
        [Symbol.asyncDispose]: async () => {
          await own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
        },
      };
      const one = await join("p1", asRole.href);
      const [first, second] = ["1", "2"].map((id) => sampleDeferred(id, { sagaId: id }));
      await one.transaction((tx) =>
        tx.write(writes({ defer: [first, second].flatMap((row) => row ?? []) })),
      );
      const [begun, waiting] = (await one.claim(10)).deferred;
      const receiptOf = (id: string, row: typeof begun) =>
        sampleReceipt(id, { sagaId: id, deferred: row?.seq });
      const other = await join("p2", undefined, 400);
      await other.claim(0);
      await one.transaction(async (tx) => {
        const [received] = await tx.receive([receiptOf("1", begun)]);
        expect(received?.status).toBe("fresh");
        await own.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
        await terminate(await holder("p1"));
        const taken: unknown[] = [];
        let processes = 0;
        await eventually(
          "it is found dead",
          async () => {
            await other.beat();
            const claimed = await other.claim(10);
            taken.push(...claimed.deferred.map(({ seq }) => seq));
            processes += claimed.takenOver.processes;
            return processes;
          },
          1,
          LIMIT_MS,
        );
        expect(taken).toEqual([waiting?.seq]);
        await tx.write(writes({ settle: [begun?.seq ?? 0] }));
      });
      expect((await other.claim(10)).deferred).toEqual([]);
      const late = await one.transaction((tx) => tx.receive([receiptOf("2", waiting)]));
      expect(late[0]?.status).toBe("gone");
      await own.query(`ALTER ROLE ${role} CONNECTION LIMIT 2`);
      const lost = async () => (await one.claim(10).catch(() => undefined))?.lost;
      await eventually("it learns of it", lost, true, LIMIT_MS);
      await one.close();
    });

    it("what a role sets for its transactions does not keep it from living", async () => {
      await using scope = new AsyncDisposableStack();
      const { join } = await place(scope);
      const url = new URL(serverUrl("postgres"));
      const options = ["transaction_isolation=serializable", "transaction_read_only=on"];
      url.searchParams.set("options", options.map((one) => `-c default_${one}`).join(" "));
      const one = await join("p1", url.href);
      await one.beat();
      expect((await one.claim(10)).lost).toBe(false);
    });

    it("one whose beat waits for a lock keeps its own", async () => {
      await using scope = new AsyncDisposableStack();
      const { schema, own, join, holder } = await place(scope);
      const one = await join("p1");
      const before = await holder("p1");
      await own.query(`BEGIN; LOCK TABLE ${schema}.member IN SHARE MODE`);
      await expect(one.beat()).rejects.toMatchObject({ code: "STORE_BUSY" });
      await own.query("ROLLBACK");
      await one.beat();
      expect(await holder("p1")).toBe(before);
    });

    it("a beat without a reply fails while the process still counts as alive", async () => {
      await using scope = new AsyncDisposableStack();
      const { join } = await place(scope);
      const proxy = scope.use(closing(await TcpProxy.listen()));
      const url = new URL(serverUrl("postgres"));
      proxy.target = Number(url.port);
      url.port = String(proxy.port);
      const one = await join("p1", url.href);
      let isDark = true;
      // The limit of other statements is a minute.
      const dark = proxy.blackOut(10_000).then(() => {
        isDark = false;
      });
      await expect(one.beat()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(isDark).toBe(true);
      await dark;
      await eventually(
        "it beats again",
        () =>
          one.beat().then(
            () => true,
            () => false,
          ),
        true,
      );
    });

    it("a program of before the locks and a new one leave each other's rows", async () => {
      await using scope = new AsyncDisposableStack();
      const { schema, own, join } = await place(scope);
      const earlier = (what: keyof typeof EARLIER) => own.query(EARLIER[what](schema), ["old"]);
      const tickets = async (owner: string) =>
        (await own.query(`SELECT 1 FROM ${schema}.outbox WHERE owner = $1`, [owner])).rowCount;
      await earlier("renew");
      await earlier("enqueue");
      const one = await join("new");
      await enqueue(one, "1");
      for (let look = 0; look < 20; look++) {
        await earlier("renew");
        expect((await earlier("claim")).rowCount).toBe(0);
        const { outbox, takenOver } = await one.claim(10);
        expect([outbox, takenOver]).toEqual([[], NOTHING]);
      }
      expect([await tickets("old"), await tickets("new")]).toEqual([1, 1]);
    });

    it("a program of before the locks that was found dead lives with its next lease", async () => {
      await using scope = new AsyncDisposableStack();
      const { schema, own, join } = await place(scope);
      const earlier = (what: keyof typeof EARLIER) => own.query(EARLIER[what](schema), ["old"]);
      await own.query(`INSERT INTO ${schema}.member (owner, expires_at, lease_ms)
        VALUES ('old', ${schema}.now_ms() - 1, 400)`);
      await earlier("enqueue");
      const one = await join("new", undefined, 400);
      const processes = async () => (await one.claim(10)).takenOver.processes;
      await eventually("it is found dead", processes, 1, LIMIT_MS);
      await earlier("renew");
      await earlier("enqueue");
      const { outbox, takenOver } = await one.claim(10);
      expect([outbox, takenOver]).toEqual([[], NOTHING]);
    });
  },
);

describe.skipIf(urlOf("pgbouncer") === undefined)(
  titleOf("pgbouncer", "processes of a service behind PgBouncer in transaction mode"),
  { timeout: LIMIT_MS },
  () => {
    it("pgbouncer-transaction-mode: no session is locked or set, and silence tells", async () => {
      await using scope = new AsyncDisposableStack();
      const { schema, own, join } = await place(scope);
      const through = serverUrl("pgbouncer");
      const one = await join("p1", through, 400);
      const other = await join("p2", through, 400);
      await enqueue(one, "1");
      const members = await own.query(`SELECT lock_key FROM ${schema}.member`);
      expect(members.rows).toEqual([{ lock_key: null }, { lock_key: null }]);
      // All connections that the pooler hands out, at once.
      const pool = new pg.Pool({ connectionString: through, max: POOLED });
      scope.defer(() => pool.end());
      const clients = await Promise.all(Array.from({ length: POOLED }, () => pool.connect()));
      scope.defer(() => {
        for (const client of clients) client.release(true);
      });
      await Promise.all(clients.map((client) => client.query("BEGIN")));
      const settings = await Promise.all(
        clients.map(async (client) => (await client.query("SHOW synchronous_commit")).rows[0]),
      );
      expect(settings).toEqual(Array(POOLED).fill({ synchronous_commit: "on" }));
      for (const client of clients) await client.query("ROLLBACK");
      const taken: unknown[] = [];
      const seen = async () => {
        await other.beat();
        taken.push(...(await other.claim(10)).outbox);
        return taken.length;
      };
      await eventually("it is found dead, and its events are taken", seen, 1, LIMIT_MS);
      expect((await one.claim(10)).lost).toBe(true);
    });
  },
);
