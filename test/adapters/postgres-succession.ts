import assert from "node:assert/strict";
import { checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import type { TcpProxy } from "../chaos/proxy.ts";
import { recordCommits } from "../support/commits.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { busPlace, busRole, gateInserts, hearer, LIMIT_MS } from "./postgres-bus-place.ts";

const hear = { group: "a", topics: [placed.type], inFlightMax: 10 };
const event = (id: string) => envelope(placed, id, { orderId: id }, { id });

/** How members of the Postgres bus go on where connections break again and again. */
export function memberSuccession({ describe, it }: Runner, url: () => string): void {
  const place = (scope: AsyncDisposableStack) => busPlace(scope, url());

  describe("postgres bus: members whose connections break", () => {
    const handedOn = (name: string, atStart: (proxy: TcpProxy) => void) =>
      it(name, async () => {
        await using scope = new AsyncDisposableStack();
        const { proxy, through, open, holders } = await place(scope);
        const bus = open({ connectionString: through, connectTimeoutMs: 500 });
        const first = hearer();
        const before = await bus.subscribe(hear, first.deliver);
        checkAccepted(await bus.publish([event("1"), event("2")]));
        await eventually("it has both in hand", () => first.seen, ["1", "2"]);
        const { target } = proxy;
        // Nothing listens there: it can neither acknowledge nor leave.
        proxy.target = 1;
        proxy.cut();
        first.go();
        await before.close();
        proxy.target = target;
        atStart(proxy);
        const second = hearer();
        second.go();
        const subscribe = () => bus.subscribe(hear, second.deliver).catch(() => undefined);
        const after = await eventually("it subscribes", subscribe, (one) => one !== undefined);
        await eventually("they come again", () => second.seen.toSorted(), ["1", "2"], LIMIT_MS);
        await eventually("they are acknowledged", holders, []);
        assert.equal(after?.redelivered?.(), 0);
      });

    handedOn("the next one gives back what the one before it could not", () => {});

    handedOn("one that could not start hands on what was left to it", (proxy) =>
      proxy.after("beaten AS (INSERT", () => proxy.cut()),
    );

    it("the next one goes on watching: who has died is found dead by several", async () => {
      await using scope = new AsyncDisposableStack();
      const { proxy, through, open, watched } = await place(scope);
      const gone = open({ connectionString: through, connectTimeoutMs: 500 });
      const mine = hearer();
      await gone.subscribe(hear, mine.deliver);
      checkAccepted(await gone.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      proxy.target = 1;
      proxy.cut();
      const bus = open();
      const theirs = hearer();
      theirs.go();
      let members = 0;
      // None of them is there for as long as it takes.
      const inTurn = async () => {
        members++;
        const member = await bus.subscribe(hear, theirs.deliver);
        await watched(1_000);
        await member.close();
        return theirs.seen;
      };
      await eventually("it comes again", inTurn, ["1"], LIMIT_MS);
      assert.ok(members > 2);
      mine.go();
    });

    it("one that is known survives a crash of the server; that it lives need not", async () => {
      await using scope = new AsyncDisposableStack();
      const { own, schema, open } = await place(scope);
      const bus = open({ leaseMs: 1_000 });
      checkAccepted(await bus.publish([event("1")]));
      const commits = await recordCommits(own, `${schema}.member`);
      await bus.subscribe(hear, async () => {});
      const said = await eventually("it beats", commits, (all) => all.length >= 2, LIMIT_MS);
      assert.deepEqual(said.slice(0, 2), ["INSERT local", "UPDATE off"]);
    });

    it("one that waits for the pool beats once its own connection is back", async () => {
      await using scope = new AsyncDisposableStack();
      const shared = await place(scope);
      const { own, open, watched } = shared;
      await open().publish([event("0")]);
      const role = await busRole(scope, shared, url());
      const full = open({
        ...{ connectionString: role.url, connectionsMax: 2, leaseMs: 1_000 },
        // What waits for the pool waits for longer than the test.
        connectTimeoutMs: 600_000,
      });
      scope.defer(() => full.close());
      const mine = hearer();
      mine.go();
      await full.subscribe(hear, mine.deliver);
      const [pid] = await role.locks("a");
      const gate = scope.use(await gateInserts(shared, cancelled.type));
      const blocked = Promise.allSettled(
        [1, 2].map((n) => full.publish([envelope(cancelled, `${n}`, { orderId: `${n}` })])),
      );
      await eventually("all are taken", gate.waiting, 2);
      await role.alter("NOLOGIN");
      await own.query("SELECT pg_terminate_backend($1)", [pid]);
      // Of another group: it only tells that time has passed, and the next beat is on the pool.
      await open({ leaseMs: 1_000 }).subscribe({ ...hear, group: "b" }, async () => {});
      await watched(1_500);
      assert.deepEqual(await role.locks("a"), []);
      await role.alter("LOGIN");
      await eventually("it has a lock again", async () => (await role.locks("a")).length, 1);
      await gate.open();
      await blocked;
    });

    it("one that gives back over the pool beats meanwhile", async () => {
      await using scope = new AsyncDisposableStack();
      const shared = await place(scope);
      const { own, schema, open, holders, watched } = shared;
      await open().publish([event("0")]);
      const role = await busRole(scope, shared, url());
      const one = open({ connectionString: role.url, connectionsMax: 3, leaseMs: 1_000 });
      scope.defer(() => one.close());
      const mine = hearer();
      await one.subscribe(hear, mine.deliver);
      await eventually("it has one in hand", () => mine.seen, ["0"]);
      const [pid] = await role.locks("a");
      const [holder] = await holders();
      const gate = scope.use(await gateInserts(shared, placed.type));
      const blocked = Promise.allSettled([one.publish([event("1")]), one.publish([event("2")])]);
      await eventually("both are under way", gate.waiting, 2);
      // Three of the pool, one that listens, and the one with the lock.
      await eventually("all are connected", role.sessions, 5);
      const row = await own.connect();
      scope.defer(() => row.release(true));
      await row.query(`BEGIN; SELECT 1 FROM ${schema}.delivery FOR UPDATE`);
      // From now on it has what is open: two of the pool, and none for its lock.
      await role.alter("NOLOGIN");
      await own.query("SELECT pg_terminate_backend($1)", [pid]);
      await own.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE wait_event = 'advisory' AND query LIKE '%${schema}%' LIMIT 1`,
      );
      await gate.open();
      await blocked;
      const waits = `SELECT 1 FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%give_back%'`;
      await eventually("it waits for its row", async () => (await own.query(waits)).rowCount, 1);
      await watched(2_000);
      assert.deepEqual((await holders())[0], holder);
      await row.query("COMMIT");
      await role.alter("LOGIN");
      mine.go();
      await eventually("all are acknowledged", holders, []);
    });
  });
}
