import assert from "node:assert/strict";
import {
  type Bus,
  type Deliver,
  OdoriError,
  Service,
  type Store,
  StoreUnavailableError,
  service,
} from "odori";
import { NATS, readMessage } from "odori/cloudevents";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/sqlite";
import { declareUndo } from "../../src/choreography/declare.ts";
import { authorized, declined, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";
import { effect, payment, playing, setup } from "./play.ts";

/** The runtime's promises as minimal scenarios, for the whole runtime and the broken ones. */
export function runtimeScenarios({ describe, it }: Runner): void {
  const data = { orderId: "s" };
  const play = playing(it);
  /** A store whose first `times` commits fail, after the one that sets the service up. */
  const outage = (times: number) => {
    let commits = 0;
    const failures = () => Math.min(times, Math.max(0, commits - 1));
    // The test reads effects through the inner store, past the outage.
    const store = (inner: Store<Sql>): Store<Sql> =>
      Object.assign(Object.create(inner), {
        transaction: <T>(work: Parameters<Store<Sql>["transaction"]>[0]) =>
          inner.transaction(async (tx) => {
            const result = await work(tx);
            commits++;
            if (commits > 1 && commits <= times + 1)
              throw new StoreUnavailableError("STORE_UNAVAILABLE", "no room to commit");
            return result as T;
          }),
        open: inner.open.bind(inner),
        claim: inner.claim.bind(inner),
        census: inner.census.bind(inner),
        close: inner.close.bind(inner),
      });
    return { store, failures };
  };

  describe("the runtime", () => {
    const dead = (inner: Store<Sql>): Store<Sql> =>
      Object.assign(Object.create(inner), {
        transaction: inner.transaction.bind(inner),
        open: async (session: Parameters<Store<Sql>["open"]>[0]) => ({
          ...(await inner.open(session)),
          others: "died",
        }),
        claim: inner.claim.bind(inner),
        census: inner.census.bind(inner),
        close: inner.close.bind(inner),
      });
    play(
      "after a death, a delivery is written down before it runs",
      { store: dead },
      async ({ app, hear, effects }) => {
        await hear(envelope(placed, "s", data));
        await eventually("it has run", async () => (await effects()).length, 1);
        // A row that was written down first is written again, with the next place in the feed.
        const [row] = await app.inspect.journal("s");
        assert.deepEqual([row?.disposition, row?.seq], ["done", 2]);
      },
    );

    const once = outage(1);
    play("a delivery whose commit fails comes again", once, async ({ hear, effects }) => {
      // Resolves once the delivery is acknowledged: by then its effect must be committed.
      await hear(envelope(placed, "s", data));
      assert.equal(once.failures(), 1);
      assert.deepEqual(await effects(), ["charged"]);
    });

    const lasting = outage(Number.POSITIVE_INFINITY);
    play("nothing of a commit that failed is published", lasting, async ({ hear, seen }) => {
      void hear(envelope(placed, "s", data)).catch(() => {});
      await eventually("three commits have failed", lasting.failures, (count) => count >= 3);
      // Only the audience hears this event, and it comes behind those published before.
      await hear(envelope(authorized, "marker", data));
      assert.deepEqual(
        seen.map(({ sagaId }) => sagaId),
        ["marker"],
      );
    });

    const refusing = (bus: Bus): Bus => ({
      guarantees: bus.guarantees,
      publish: () => Promise.reject(new OdoriError("BUS_UNAVAILABLE", "the broker is away")),
      subscribe: (options, deliver) => bus.subscribe(options, deliver),
      close: () => bus.close(),
    });
    play("what the bus refuses stays in the outbox", { bus: refusing }, async ({ app, hear }) => {
      await hear(envelope(placed, "s", data));
      await hear(envelope(placed, "t", data));
      assert.equal((await app.inspect.counts()).outbox, 2);
    });

    const strict: StrictBus[] = [];
    const choosy = (bus: Bus): Bus => {
      const own = new StrictBus(bus);
      own.refuses = ({ type }) => type === refunded.type;
      strict.push(own);
      return own;
    };
    // One outbox row holds both events.
    const pair = service<Sql>("payment").on(placed, {
      emits: [[authorized, refunded]],
      handle: () => [authorized(data), refunded(data)],
    });
    play(
      "a refused event is published again alone",
      { bus: choosy, service: pair },
      async ({ app, hear }) => {
        await hear(envelope(placed, "s", data));
        const refused = async () => (await app.health()).refused.count;
        const copies = () => [...(strict.at(-1)?.accepted.values() ?? [])];
        const settled = async () => (await refused()) === 1 || copies().some((times) => times > 1);
        await eventually("it is refused, or its neighbour is published twice", settled);
        assert.deepEqual([await refused(), copies()], [1, [1]]);
      },
    );

    play(
      "a refused event stays in the outbox when its neighbours are confirmed",
      { bus: choosy, service: pair },
      async ({ app, hear }) => {
        const event = envelope(placed, "s", data);
        await hear(event);
        const outbox = async () => (await app.inspect.counts()).outbox;
        const refused = async () => (await app.health()).refused.count;
        const answered = async () => (await refused()) === 1 || (await outbox()) === 0;
        await eventually("the bus has answered", answered);
        // The next commit writes the answers.
        await hear(event);
        assert.notEqual(await outbox(), 0);
        await eventually("the others are confirmed", outbox, 1);
      },
    );

    play("an event that comes twice has its effect once", {}, async ({ hear, effects }) => {
      const event = envelope(placed, "s", data);
      await hear(event);
      await hear(event);
      assert.deepEqual(await effects(), ["charged"]);
    });

    play("an undo that overtakes its step bars it", {}, async ({ hear, effects }) => {
      await hear(envelope(reservationFailed, "s", data));
      await hear(envelope(placed, "s", data));
      assert.deepEqual(await effects(), []);
    });

    const runs: string[] = [];
    const grouped = service<Sql>("payment", { setup }).on(placed, {
      async handle({ sagaId }, { tx }) {
        runs.push(sagaId);
        const before = tx.all("SELECT 1 FROM effects").length;
        // Long enough for a neighbour to come between, if one could.
        await new Promise((resolve) => setImmediate(resolve));
        effect(tx, `${before}`);
        if (sagaId === "2") throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      },
    });
    const five = () => ["0", "1", "2", "3", "4"].map((saga) => envelope(placed, saga, data));
    play(
      "handlers of one commit run in turn; a failing one costs itself",
      { service: grouped },
      async ({ app, hear, effects }) => {
        await hear(...five());
        assert.deepEqual(await effects(), ["0", "1", "2", "3"], "as if each ran by itself");
        assert.deepEqual(runs, ["0", "1", "2", "3", "4"], "each has run once");
        const [parked] = await app.inspect.deferred(["parked"], 2);
        assert.equal(parked?.problem?.code, "ECONNREFUSED");
        assert.equal((await app.health()).state, "ready");
      },
    );

    const doors: Deliver[] = [];
    /** Lets a test deliver what a broker would, in binary mode. */
    const opened = (bus: Bus): Bus => ({
      guarantees: bus.guarantees,
      publish: (events) => bus.publish(events),
      subscribe: (options, deliver) => {
        doors.push(deliver);
        return bus.subscribe(options, deliver);
      },
      close: () => bus.close(),
    });
    const receive = async (attributes: Readonly<Record<string, string>>, body: string) => {
      const all = { specversion: "1.0", source: "/order", type: placed.type, ...attributes };
      const headers = Object.entries(all).map(([name, value]) => [`ce-${name}`, value] as const);
      await doors.at(-1)?.(readMessage(NATS, placed.type, { headers, body }, Date.now()));
    };
    play(
      "messages with one body that cannot be read are all parked",
      { bus: opened },
      async ({ app }) => {
        for (const id of ["1", "2", "1"]) await receive({ id }, '{"orderId":"s"}');
        const parked = await app.inspect.deferred(["parked"], 3);
        assert.deepEqual(
          parked.map(({ body }) => JSON.parse(body.text).id),
          ["1", "2"],
        );
      },
    );

    const failing = service<Sql>("payment", { setup }).on(placed, {
      handle() {
        throw new Error("no");
      },
    });
    play(
      "a parked delivery keeps what was heard",
      { bus: opened, service: failing },
      async ({ app }) => {
        const body = '{"orderId":"s","price":1.50}';
        await receive({ id: "1", sagaid: "s", tenant: "a" }, body);
        const [parked] = await app.inspect.deferred(["parked"], 1);
        assert.ok(parked?.body.text.includes(`"data":${body}`), "the payload is verbatim");
        assert.ok(parked?.body.text.includes('"tenant":"a"'), "an unknown attribute is kept");
      },
    );

    const told: unknown[] = [];
    const changing = service<Sql>("payment", { setup }).on(placed, {
      emits: [authorized],
      onParked: {
        emits: authorized,
        handle({ event }) {
          told.push(event.data);
          return authorized(data);
        },
      },
      handle({ data: own }) {
        own.orderId = "changed";
        throw new Error("it fails after it has changed its payload");
      },
    });
    play("onParked is given the payload as it came", { service: changing }, async ({ hear }) => {
      await hear(envelope(placed, "s", data));
      assert.deepEqual(told, [data]);
    });

    const { declaration, beginnings } = payment;
    const undo = declareUndo<Sql>("payment.authorized", {
      on: [declined],
      emits: [refunded],
      fails: [authorized],
      handle(_event, { tx }) {
        const tried = tx.all("SELECT 1 FROM effects").length > 1;
        effect(tx, tried ? "refunded" : "tried");
        return tried ? refunded(data) : authorized(data);
      },
    });
    const reactions = [...declaration.reactions.filter(({ kind }) => kind === "step"), undo];
    const undoFails = new Service<Sql, never>({ ...declaration, reactions }, beginnings, []);
    play(
      "an undo that fails leaves its effect done",
      { service: undoFails },
      async ({ hear, effects }) => {
        await hear(envelope(placed, "s", data));
        for (let n = 0; n < 3; n++) await hear(envelope(declined, "s", data));
        assert.deepEqual(await effects(), ["charged", "tried", "refunded"]);
      },
    );

    play("two causes undo once", {}, async ({ hear, effects }) => {
      await hear(envelope(placed, "s", data));
      await hear(envelope(reservationFailed, "s", data));
      await hear(envelope(reservationFailed, "s", data));
      assert.deepEqual(await effects(), ["charged", "refunded"]);
    });
  });
}
