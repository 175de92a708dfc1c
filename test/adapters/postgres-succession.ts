import assert from "node:assert/strict";
import { checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import type { TcpProxy } from "../chaos/proxy.ts";
import { recordCommits } from "../support/commits.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { busPlace, gateInserts, hearer, LIMIT_MS } from "./postgres-bus-place.ts";

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
      const { own, schema, open, watched } = shared;
      await open().publish([event("0")]);
      const role = `shut_${schema}`;
      const asRole = new URL(url());
      asRole.username = role;
      await own.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role};
        GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
      scope.defer(async () => void (await own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)));
      const full = open({
        ...{ connectionString: asRole.href, connectionsMax: 2, leaseMs: 1_000 },
        // What waits for the pool waits for longer than the test.
        connectTimeoutMs: 600_000,
      });
      scope.defer(() => full.close());
      const mine = hearer();
      mine.go();
      await full.subscribe(hear, mine.deliver);
      const locks = async () => {
        const { rows } = await own.query<{ pid: number }>(`SELECT l.pid FROM ${schema}.member m
          JOIN pg_locks l ON l.locktype = 'advisory' AND l.objid = m.lock_key::oid
          WHERE m.group_name = 'a'`);
        return rows.map(({ pid }) => pid);
      };
      const [pid] = await locks();
      const gate = scope.use(await gateInserts(shared, cancelled.type));
      const blocked = Promise.allSettled(
        [1, 2].map((n) => full.publish([envelope(cancelled, `${n}`, { orderId: `${n}` })])),
      );
      await eventually("all are taken", gate.waiting, 2);
      await own.query(`ALTER ROLE ${role} NOLOGIN`);
      await own.query("SELECT pg_terminate_backend($1)", [pid]);
      // Of another group: it only tells that time has passed, and the next beat is on the pool.
      await open({ leaseMs: 1_000 }).subscribe({ ...hear, group: "b" }, async () => {});
      await watched(1_500);
      assert.deepEqual(await locks(), []);
      await own.query(`ALTER ROLE ${role} LOGIN`);
      await eventually("it has a lock again", async () => (await locks()).length, 1);
      await gate.open();
      await blocked;
    });
  });
}
