import type { Incoming } from "odori";
import { checkAccepted } from "odori/adapter";
import { diagnoseBus, postgresBus } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { busGrants, busPolicies } from "../../src/adapters/postgres/provision.ts";
import { encodeStored } from "../../src/cloudevents/json.ts";
import { TcpProxy } from "../chaos/proxy.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { odori } from "../support/command.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";
import { handedOver } from "./postgres-hand-over.ts";
import { memberLiveness } from "./postgres-liveness.ts";
import { memberSuccession } from "./postgres-succession.ts";

const hear = (group: string, inFlightMax = 10) => ({ group, topics: [placed.type], inFlightMax });
const event = (id: string) => envelope(placed, id, { orderId: id }, { id });

async function stage() {
  const schema = newSchema();
  const own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 2 });
  const open: (() => Promise<void>)[] = [];
  const connect = (options: Parameters<typeof postgresBus>[0] & object = {}) => {
    const bus = postgresBus({ connectionString: serverUrl("postgres"), schema, ...options });
    open.push(() => bus.close());
    return bus;
  };
  const count = async (what: string) =>
    Number((await own.query(`SELECT count(*) AS n FROM ${schema}.${what}`)).rows[0].n);
  const close = async () => {
    for (const one of open) await one();
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
    await own.end();
  };
  return closing({ schema, own, connect, count, close });
}

function collector() {
  const seen: string[] = [];
  const deliver = async (incoming: Incoming) => {
    seen.push("malformed" in incoming ? incoming.error.code : incoming.id);
  };
  return { seen, deliver };
}

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "the Postgres bus"), () => {
  handedOver({ describe, it }, () => serverUrl("postgres"));
  memberLiveness({ describe, it }, () => serverUrl("postgres"));
  memberSuccession({ describe, it }, () => serverUrl("postgres"));

  it("pg-sem: an event that no group hears waits for the first that does", async () => {
    await using on = await stage();
    const bus = on.connect();
    checkAccepted(await bus.publish([event("early"), event("early 2")]));
    const { seen, deliver } = collector();
    await bus.subscribe(hear("a"), deliver);
    await eventually("both are heard", () => seen, ["early", "early 2"]);
    checkAccepted(await bus.publish([event("late")]));
    await eventually("and the next one, once", () => seen, ["early", "early 2", "late"]);
    await eventually("nothing is left", () => on.count("delivery"), 0);
  });

  it("what was sent while the first group subscribed is heard", async () => {
    await using on = await stage();
    const bus = on.connect({ leaseMs: 400 });
    const { seen, deliver } = collector();
    await bus.subscribe(hear("a"), deliver);
    // As a publisher leaves it that has not seen the subscription yet.
    await on.own.query(
      `INSERT INTO ${on.schema}.delivery (group_name, type, body, due_at)
        VALUES ('', $1, $2, ${on.schema}.now_ms()), ('', $3, $4, ${on.schema}.now_ms())`,
      [
        placed.type,
        encodeStored([event("1")]).slice(1, -1),
        cancelled.type,
        encodeStored([event("2")]).slice(1, -1),
      ],
    );
    await eventually("it is heard", () => seen, ["1"]);
    await eventually("the other waits for its own", () => on.count("delivery"), 1);
  });

  it("a member that is full keeps what it has", async () => {
    await using on = await stage();
    const { schema, own } = on;
    const leaseMs = 400;
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const taken: string[] = [];
    const slowly = (member: string) => async () => {
      taken.push(member);
      await opened;
    };
    const first = on.connect({ leaseMs });
    await first.subscribe(hear("a", 1), slowly("first"));
    checkAccepted(await first.publish([event("1")]));
    await eventually("it is full", () => taken, ["first"]);
    const lease = async () =>
      Number((await own.query(`SELECT max(expires_at) AS at FROM ${schema}.member`)).rows[0].at);
    const before = await lease();
    await on.connect({ leaseMs }).subscribe(hear("a", 1), slowly("second"));
    await eventually("three leases are over", lease, (at) => at > before + 3 * leaseMs);
    expect(taken).toEqual(["first"]);
    open();
  });

  it("prepare: false names no statement", async () => {
    await using on = await stage();
    await using proxy = closing(await TcpProxy.listen());
    const { port } = new URL(serverUrl("postgres"));
    proxy.target = Number(port);
    const connectionString = serverUrl("postgres").replace(`:${port}/`, `:${proxy.port}/`);
    for (const prepare of [false, true]) {
      let named = false;
      proxy.after("odori_", () => {
        named = true;
      });
      // The schema's own name must not look like that of a statement.
      const bus = on.connect({ connectionString, prepare, schema: on.schema });
      const { seen, deliver } = collector();
      await bus.subscribe(hear(`g${prepare}`), deliver);
      checkAccepted(await bus.publish([event(`e ${prepare}`)]));
      await eventually("it is heard", () => seen.length > 0);
      await bus.close();
      expect(named).toBe(prepare);
    }
  });

  it("pg-sem: a service without Odori publishes; a type heard no more is cleared", async () => {
    await using on = await stage();
    const { schema, own } = on;
    const bus = on.connect();
    const { seen, deliver } = collector();
    await (await bus.subscribe(hear("a"), deliver)).close();
    const publish = (json: string) => own.query(`SELECT ${schema}.publish($1::json)`, [json]);
    await publish(encodeStored([event("1"), event("2")]));
    for (const bad of ['[{"id":"x"},{"type":null}]', "5", "null"])
      await expect(publish(bad)).rejects.toThrow();
    expect(await on.count("delivery")).toBe(2);
    const { rows } = await own.query(`SELECT ${schema}.unsubscribe('a', $1) AS n`, [placed.type]);
    expect(Number(rows[0].n)).toBe(2);
    expect(await on.count("subscription")).toBe(0);
    expect(seen).toEqual([]);
  });

  it("subscription-left-behind: doctor names what no process hears, and left-overs", async () => {
    await using on = await stage();
    const { schema, own } = on;
    const connectionString = serverUrl("postgres");
    expect(await diagnoseBus({ connectionString, schema: newSchema() })).toMatchObject([
      { level: "warning", check: "bus" },
    ]);
    const bus = on.connect();
    const topics = [placed.type, cancelled.type];
    const { deliver } = collector();
    await (await bus.subscribe({ ...hear("a"), topics }, deliver)).close();
    await bus.subscribe(hear("a"), deliver);
    await (await bus.subscribe(hear("gone"), deliver)).close();
    checkAccepted(await bus.publish([event("1")]));
    const found = async (check: string) =>
      (await diagnoseBus({ connectionString, schema })).find((one) => one.check === check);
    expect(await found("hearers")).toEqual({
      level: "warning",
      check: "hearers",
      message: `no process hears gone ${placed.type} (1 wait)`,
    });
    const left = `the running processes do not hear a ${cancelled.type} (0 wait); `;
    expect(await found("left over")).toMatchObject({
      level: "warning",
      message: expect.stringContaining(left),
    });
    const args = ["--postgres", connectionString, "--bus-schema", schema];
    const { status, out } = await odori(["doctor", ...args]);
    expect(status).toBe(1);
    expect(out).toMatch(/warning +hearers +no process hears gone order\.placed\.v1 \(1 wait\)/);
    await own.query(`SELECT ${schema}.unsubscribe('a', $1)`, [cancelled.type]);
    await bus.subscribe(hear("gone"), deliver);
    expect([await found("hearers"), await found("left over")]).toMatchObject([
      { level: "ok" },
      { level: "ok" },
    ]);
    // A process of an earlier version does not say what it hears: no finding rests on its silence.
    await own.query(`UPDATE ${schema}.member SET group_name = NULL, types = NULL`);
    expect(await found("hearers")).toMatchObject({ level: "ok" });
  });

  it("NUL character: an event with U+0000 arrives, and so do its neighbours", async () => {
    await using on = await stage();
    const bus = on.connect();
    const seen: Incoming[] = [];
    await bus.subscribe(hear("payment"), async (incoming) => void seen.push(incoming));
    const notes = ["good", "a\u0000b", "\ud800", "also good"];
    const events = notes.map((note, n) => envelope(placed, `s${n}`, { orderId: note }));
    const results = await bus.publish(events);
    expect(results.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
    await eventually("all have arrived", () => seen.length, 4);
    const arrived = seen.map((one) =>
      "malformed" in one ? [one.head?.sagaId, one.error.code] : [one.sagaId, one.data],
    );
    expect(arrived.sort()).toEqual([
      ["s0", { orderId: "good" }],
      ["s1", "PAYLOAD_REFUSED"],
      ["s2", "PAYLOAD_REFUSED"],
      ["s3", { orderId: "also good" }],
    ]);
  });

  it("a role that may not see what others hear still publishes to its own process", async () => {
    await using on = await stage();
    const { schema, own } = on;
    const role = `r${process.pid}`;
    const options = { schema };
    const other = collector();
    await on.connect().subscribe(hear("b"), other.deliver);
    const part = { service: role, emits: [placed.type], hears: [placed.type] };
    const grants = [...busGrants(part, options), ...busPolicies(options)];
    await own.query(`CREATE ROLE ${role} LOGIN; ${grants.join("; ")}`);
    await using _ = closing({ close: () => own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`) });
    const connectionString = serverUrl("postgres").replace("postgres@", `${role}@`);
    await using bus = closing(postgresBus({ connectionString, schema }));
    const { seen, deliver } = collector();
    await bus.subscribe(hear(role), deliver);
    checkAccepted(await bus.publish([event("1"), event("2")]));
    checkAccepted(await bus.publish([event("3")]));
    await eventually("its own process hears them", () => seen.toSorted(), ["1", "2", "3"]);
    await eventually("so does the other", () => other.seen.toSorted(), ["1", "2", "3"]);
  });
});
