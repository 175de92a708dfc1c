import assert from "node:assert/strict";
import type { Incoming } from "odori";
import { checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import type { PostgresBus } from "odori/postgres";
import type { TcpProxy } from "../chaos/proxy.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { busPlace } from "./postgres-bus-place.ts";

const event = (id: string) => envelope(placed, id, { orderId: id }, { id });
const hear = (inFlightMax: number) => ({ group: "a", topics: [placed.type], inFlightMax });

interface Parts {
  /** A bus of this process. */
  readonly here: PostgresBus;
  /** The same bus, as another process has it. */
  readonly there: PostgresBus;
  readonly proxy: TcpProxy;
  /** A bus that publishes batches. */
  readonly batches: PostgresBus;
  /** The holders of the rows, in their order. */
  holders(): Promise<readonly (string | null)[]>;
  /** From now on each row is also kept as it was inserted. Returns their holders. */
  record(): Promise<() => Promise<readonly unknown[]>>;
}

function listener(until: Promise<unknown> = Promise.resolve()) {
  const seen = new Set<string>();
  const deliver = async (incoming: Incoming) => {
    if (!("malformed" in incoming)) seen.add(incoming.id);
    await until;
  };
  return { seen, deliver };
}

/** What the Postgres bus promises of events whose hearer is in the process that publishes them. */
export function handedOver({ describe, it }: Runner, url: () => string): void {
  const staged = (name: string, body: (parts: Parts) => Promise<void>) => {
    it(name, async () => {
      await using scope = new AsyncDisposableStack();
      const { own, schema, proxy, through, open, holders } = await busPlace(scope, url());
      const record = async () => {
        await own.query(`CREATE TABLE ${schema}.inserted (seq bigint, holder text);
          CREATE FUNCTION ${schema}.record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN INSERT INTO ${schema}.inserted VALUES (NEW.seq, NEW.holder); RETURN NEW; END';
          CREATE TRIGGER record BEFORE INSERT ON ${schema}.delivery FOR EACH ROW
            EXECUTE FUNCTION ${schema}.record()`);
        const query = `SELECT holder FROM ${schema}.inserted ORDER BY seq`;
        return async () => (await own.query(query)).rows.map(({ holder }): unknown => holder);
      };
      const leaseMs = 2_000;
      const here = open({ connectionString: through, leaseMs });
      const buses = { here, there: open({ leaseMs }), batches: open({ leaseMs, mode: "batch" }) };
      await body({ ...buses, proxy, holders, record });
    });
  };

  describe("postgres bus: in one process", () => {
    staged("an event that hangs keeps one place, and none of its batch", async ({ batches }) => {
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      const seen = new Set<string>();
      await batches.subscribe(hear(4), async (incoming) => {
        const id = "malformed" in incoming ? "malformed" : incoming.id;
        seen.add(id);
        if (id === "0") await opened;
      });
      const ids = Array.from({ length: 12 }, (_, n) => `${n}`);
      for (let from = 0; from < ids.length; from += 4)
        checkAccepted(await batches.publish(ids.slice(from, from + 4).map(event)));
      await eventually("all others are handled", () => [...seen].sort(), ids.toSorted());
      open();
    });

    staged("an event is held by its hearer from the beginning", async (parts) => {
      const { here, there, holders, record } = parts;
      const { promise, resolve: go } = Promise.withResolvers<void>();
      const mine = listener(promise);
      const theirs = listener();
      await here.subscribe(hear(10), mine.deliver);
      await there.subscribe(hear(10), theirs.deliver);
      const inserted = await record();
      checkAccepted(await here.publish([event("1"), event("2")]));
      const held = await inserted();
      assert.equal(held.length, 2);
      assert.equal(new Set(held).size, 1);
      assert.notEqual(held[0], null);
      assert.deepEqual([...mine.seen], ["1", "2"]);
      go();
      await eventually("nothing is left", async () => (await holders()).length, 0);
      assert.equal(theirs.seen.size, 0);
    });

    staged("a member that is full leaves events to another process", async (parts) => {
      const { here, there } = parts;
      const { promise, resolve: go } = Promise.withResolvers<void>();
      const mine = listener(promise);
      const theirs = listener();
      await here.subscribe(hear(4), mine.deliver);
      await there.subscribe(hear(10), theirs.deliver);
      const ids = Array.from({ length: 12 }, (_, n) => `${n}`);
      for (const id of ids) checkAccepted(await here.publish([event(id)]));
      await eventually("the others go on", () => theirs.seen.size >= 8);
      assert.ok(mine.seen.size >= 2);
      go();
      await eventually("each is heard once", () => mine.seen.size + theirs.seen.size, 12);
    });

    staged("what a process held at its end goes to another one", async (parts) => {
      const { here, there } = parts;
      const mine = listener(new Promise(() => {}));
      const theirs = listener();
      await here.subscribe(hear(10), mine.deliver);
      await there.subscribe(hear(10), theirs.deliver);
      checkAccepted(await here.publish([event("1"), event("2")]));
      assert.equal(mine.seen.size, 2);
      await here.close();
      await eventually("the other one has them", () => [...theirs.seen], ["1", "2"]);
    });

    staged("rows that a lost reply has told of are not kept for ever", async (parts) => {
      const { here, there, proxy, holders } = parts;
      const { seen, deliver } = listener();
      await here.subscribe(hear(10), deliver);
      checkAccepted(await here.publish([event("1")]));
      await eventually("it is acknowledged", async () => (await holders()).length, 0);
      proxy.swallowAfter("odori_hand", 20);
      const results = await here.publish([event("2")]).catch(() => []);
      assert.ok(results.every(({ accepted }) => !accepted));
      await there.subscribe(hear(10), deliver);
      await eventually("it is heard when it was given back", () => [...seen], ["1", "2"]);
    });
  });
}
