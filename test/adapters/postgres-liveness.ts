import assert from "node:assert/strict";
import { checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { busPlace, busRole, gateInserts, hearer, LIMIT_MS } from "./postgres-bus-place.ts";

const hear = { group: "a", topics: [placed.type], inFlightMax: 10 };
const event = (id: string) => envelope(placed, id, { orderId: id }, { id });

/** How members of the Postgres bus know of each other that they live. */
export function memberLiveness({ describe, it }: Runner, url: () => string): void {
  const place = (scope: AsyncDisposableStack) => busPlace(scope, url());

  describe("postgres bus: members that live", () => {
    it("a member whose bus has no connection free is not dead", async () => {
      await using scope = new AsyncDisposableStack();
      const shared = await place(scope);
      const { open, watched } = shared;
      const full = open({ connectionsMax: 2, leaseMs: 1_000 });
      const mine = hearer();
      const member = await full.subscribe(hear, mine.deliver);
      checkAccepted(await full.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      const gate = scope.use(await gateInserts(shared, cancelled.type));
      const blocked = Promise.allSettled(
        [1, 2, 3, 4].map((n) => full.publish([envelope(cancelled, `${n}`, { orderId: `${n}` })])),
      );
      await eventually("all are taken", gate.waiting, 2);
      const theirs = hearer();
      const other = await open({ leaseMs: 1_000 }).subscribe(hear, theirs.deliver);
      await watched(4_000);
      // What asks for the bus's sake does not wait for a publish.
      await member.check?.();
      assert.equal(await member.backlog?.(), 1);
      assert.deepEqual([theirs.seen, other.redelivered?.()], [[], 0]);
      await gate.open();
      const published = (await blocked).map(({ status }) => status);
      assert.deepEqual([...new Set(published)], ["fulfilled"]);
      mine.go();
      theirs.go();
    });

    it("members on one bus share a lock, and do not take each other for dead", async () => {
      await using scope = new AsyncDisposableStack();
      const { open, watched } = await place(scope);
      const bus = open();
      const mine = hearer();
      await bus.subscribe(hear, mine.deliver);
      checkAccepted(await bus.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      const theirs = hearer();
      theirs.go();
      const other = await bus.subscribe(hear, theirs.deliver);
      await watched(7_500);
      assert.deepEqual([theirs.seen, other.redelivered?.()], [[], 0]);
      mine.go();
    });

    it("what a member has in hand stays its own when a reply is lost", async () => {
      await using scope = new AsyncDisposableStack();
      const { proxy, through, open, holders, watched } = await place(scope);
      const broken = open({ connectionString: through });
      const mine = hearer();
      await broken.subscribe(hear, mine.deliver);
      checkAccepted(await broken.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      const before = await holders();
      const theirs = hearer();
      theirs.go();
      const other = await open().subscribe(hear, theirs.deliver);
      // It asks for more, and all its connections break.
      proxy.swallowAfter("odori_cycle", 20);
      await eventually("it has another id", async () => (await holders())[0] !== before[0]);
      await watched(3_000);
      assert.notEqual((await holders())[0], null);
      assert.deepEqual([theirs.seen, other.redelivered?.()], [[], 0]);
      mine.go();
      await eventually("it is acknowledged", holders, []);
      assert.deepEqual([theirs.seen, mine.seen], [[], ["1"]]);
    });

    it("a member that is gone without leaving is found dead, and that is counted", async () => {
      await using scope = new AsyncDisposableStack();
      const { proxy, through, open } = await place(scope);
      const gone = open({ connectionString: through, connectTimeoutMs: 500 });
      const mine = hearer();
      await gone.subscribe(hear, mine.deliver);
      checkAccepted(await gone.publish([event("1"), event("2")]));
      await eventually("it has both in hand", () => mine.seen, ["1", "2"]);
      const theirs = hearer();
      theirs.go();
      const other = await open().subscribe(hear, theirs.deliver);
      assert.equal(other.redelivered?.(), 0);
      // Nothing listens there.
      proxy.target = 1;
      proxy.cut();
      await eventually("they come again", () => theirs.seen.toSorted(), ["1", "2"], LIMIT_MS);
      assert.equal(other.redelivered?.(), 2);
      mine.go();
    });

    it("a bus that is closed gives back what its members have, and no one has died", async () => {
      await using scope = new AsyncDisposableStack();
      const { open } = await place(scope);
      const closed = open();
      const mine = hearer();
      await closed.subscribe(hear, mine.deliver);
      checkAccepted(await closed.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      const theirs = hearer();
      theirs.go();
      const other = await open().subscribe(hear, theirs.deliver);
      await closed.close();
      await eventually("it comes again", () => theirs.seen, ["1"]);
      assert.equal(other.redelivered?.(), 0);
      mine.go();
    });

    it("a program of before the locks and a new one leave each other's deliveries", async () => {
      await using scope = new AsyncDisposableStack();
      const { own, schema, open, holders } = await place(scope);
      const mine = hearer();
      const bus = open({ leaseMs: 1_000 });
      const member = await bus.subscribe(hear, mine.deliver);
      checkAccepted(await bus.publish([event("1")]));
      await eventually("it has one in hand", () => mine.seen, ["1"]);
      const [holder] = await holders();
      const renew = `SELECT ${schema}.renew('old', 'a', '["${placed.type}"]', 5000)`;
      // It compares clocks, and sees that a lock is held.
      const over = `UPDATE ${schema}.member SET expires_at = ${schema}.now_ms() - 1000`;
      await own.query(`${over}; ${renew}`);
      await own.query(`INSERT INTO ${schema}.delivery (group_name, type, body, holder)
        VALUES ('a', '${placed.type}', '{}', 'old')`);
      const beats = async () =>
        (await own.query(`SELECT max(expires_at) AS at FROM ${schema}.member WHERE owner <> 'old'`))
          .rows[0].at;
      for (let looks = 0, last = await beats(); looks < 12; looks++) {
        await own.query(renew);
        last = await eventually("it looks again", beats, (at) => at !== last);
        assert.deepEqual(await holders(), [holder, "old"]);
      }
      assert.equal(member.redelivered?.(), 0);
      // It is silent from now on.
      await eventually("the other one has died", () => mine.seen.length, 2, LIMIT_MS);
      assert.equal(member.redelivered?.(), 1);
      mine.go();
    });

    it("a member without a connection for its lock lives by its beats", async () => {
      await using scope = new AsyncDisposableStack();
      const shared = await place(scope);
      const { own, schema, open, watched } = shared;
      await open().publish([event("0")]);
      const role = await busRole(scope, shared, url());
      // One for the pool and one that listens: none is left for the lock.
      await role.alter("CONNECTION LIMIT 2");
      const narrow = open({ connectionString: role.url, connectionsMax: 1, leaseMs: 2_000 });
      scope.defer(() => narrow.close());
      const mine = hearer();
      await narrow.subscribe(hear, mine.deliver);
      await eventually("it has one in hand", () => mine.seen, ["0"]);
      const { rows } = await own.query(`SELECT lock_key FROM ${schema}.member`);
      assert.deepEqual(rows, [{ lock_key: null }]);
      const theirs = hearer();
      const other = await open({ leaseMs: 2_000 }).subscribe(hear, theirs.deliver);
      await watched(6_000);
      assert.deepEqual([theirs.seen, other.redelivered?.()], [[], 0]);
      mine.go();
      theirs.go();
    });
  });
}
