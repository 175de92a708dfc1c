import assert from "node:assert/strict";
import {
  type App,
  type Bus,
  type Deliver,
  type EventContract,
  type EventEnvelope,
  event,
  OdoriError,
  PermanentError,
  Service,
  type Store,
  StoreUnavailableError,
  service,
  start,
} from "odori";
import { checkAccepted } from "odori/adapter";
import { NATS, readMessage } from "odori/cloudevents";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { declareUndo } from "../../src/choreography/declare.ts";
import { timeGroups } from "../../src/ports/birth.ts";
import { authorized, declined, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";

const setup = (tx: Sql) => tx.exec("CREATE TABLE IF NOT EXISTS effects (what TEXT NOT NULL)");
const effect = (tx: Sql, what: string) => tx.run("INSERT INTO effects (what) VALUES (?)", what);

const payment = service<Sql>("payment", { setup })
  .on(placed, {
    emits: [authorized],
    fails: [declined],
    handle({ data }, { tx }) {
      effect(tx, "charged");
      return authorized(data);
    },
  })
  .undo(authorized, {
    on: [reservationFailed],
    emits: [refunded],
    handle({ data }, { tx }) {
      effect(tx, "refunded");
      return refunded(data);
    },
  });

interface Play {
  readonly app: App<Sql, EventContract>;
  readonly seen: readonly EventEnvelope[];
  hear(...events: readonly EventEnvelope[]): Promise<void>;
  effects(): Promise<readonly unknown[]>;
}

/** The runtime's promises as minimal scenarios, for the whole runtime and the broken ones. */
export function runtimeScenarios({ describe, it }: Runner): void {
  const data = { orderId: "s" };
  const play = (
    name: string,
    change: {
      readonly store?: (store: Store<Sql>) => Store<Sql>;
      readonly bus?: (bus: Bus) => Bus;
      readonly service?: Service<Sql>;
    },
    body: (play: Play) => Promise<void>,
  ) => {
    it(name, async () => {
      await using bus = closing(memoryBus(["payment", "audience"]));
      const store = sqlite(":memory:");
      const seen: EventEnvelope[] = [];
      await bus.subscribe(
        { group: "audience", topics: [authorized.type, refunded.type], inFlightMax: 100 },
        async (incoming) => {
          if (!("malformed" in incoming)) seen.push(incoming);
        },
      );
      const parts = { store: change.store?.(store) ?? store, bus: change.bus?.(bus) ?? bus };
      await using app = stopping(
        await start<Sql, EventContract>(
          (change.service ?? payment) as Service<Sql, EventContract>,
          {
            ...parts,
            retry: { attempts: 1 },
            logger: silent,
            pollMs: 5,
            drainMs: 50,
          },
        ),
      );
      const effects = () =>
        store.transaction(async ({ native }) =>
          native.all("SELECT what FROM effects").map((row) => row.what),
        );
      const hear = async (...events: readonly EventEnvelope[]) =>
        checkAccepted(await bus.publish(events));
      await body({ app, seen, hear, effects });
    });
  };
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
    const old = { id: "0190f5c2-0000-7000-8000-000000000000" };
    play(
      "an undo in a saga that retention has forgotten is parked",
      {},
      async ({ app, hear, seen }) => {
        await hear(envelope(reservationFailed, "s", data, old));
        const [parked] = await app.inspect.deferred(["parked"], 1);
        assert.equal(parked?.problem?.code, "FENCE_FORGOTTEN");
        assert.deepEqual(seen, []);
      },
    );

    const broken = () => {
      throw new PermanentError("no such account");
    };
    const parkedCodes = async (app: Play["app"]) =>
      (await app.inspect.deferred(["parked"], 9)).map(({ problem }) => problem?.code);
    // Declared by the test that needs it: other mutants break declarations.
    const convertingTo = () =>
      event("payment.failed.v2", z.object({ code: z.string() }), {
        to: [
          event("payment.failed.v1", z.object({ reason: z.string() })),
          ({ code }) => ({ reason: JSON.parse(code) }),
        ],
      });
    play(
      "a delivery whose onParked event has no older version is parked without it",
      {
        get service() {
          const failed2 = convertingTo();
          return service<Sql>("payment").on(placed, {
            emits: [authorized],
            onParked: { emits: failed2, handle: () => failed2({ code: "7" }) },
            handle: broken,
          });
        },
      },
      async ({ app, hear }) => {
        void hear(envelope(placed, "s", data)).catch(() => {});
        await eventually("it is parked", () => parkedCodes(app), ["PERMANENT"], 3_000);
      },
    );

    let open = true;
    const offered = event(
      placed.type,
      z.object({ orderId: z.string() }).refine(() => open, "the offer has ended"),
    );
    play(
      "a payload that is no longer valid does not hide why its handler failed",
      {
        service: service<Sql>("payment").on(offered, {
          emits: [authorized],
          handle() {
            open = false;
            return broken();
          },
        }),
      },
      async ({ app, hear }) => {
        open = true;
        await hear(envelope(placed, "s", data));
        assert.deepEqual(await parkedCodes(app), ["PERMANENT"]);
      },
    );

    play(
      "a step in a saga that retention has forgotten is not said to have failed",
      {
        service: service<Sql>("payment").on(placed, {
          emits: [authorized],
          onParked: { emits: refunded, handle: () => refunded(data) },
          handle: broken,
        }),
      },
      async ({ app, hear, seen }) => {
        await hear(envelope(placed, "s", data, old));
        assert.deepEqual(await parkedCodes(app), ["FENCE_FORGOTTEN"]);
        assert.deepEqual(seen, []);
      },
    );

    let charges = 0;
    play(
      "a person accepts a forgotten saga for every later attempt",
      {
        service: service<Sql>("payment").on(placed, {
          emits: [authorized],
          handle() {
            if (++charges === 1) broken();
            return authorized(data);
          },
        }),
      },
      async ({ app, hear }) => {
        charges = 0;
        await hear(envelope(placed, "s", data, old));
        const retry = async () => {
          const [row] = await app.inspect.deferred(["parked"], 1);
          await app.inspect.retry(row?.seq ?? -1);
        };
        await retry();
        await eventually("its handler fails", () => parkedCodes(app), ["PERMANENT"]);
        await retry();
        await eventually("it runs once more", () => charges, 2, 3_000);
      },
    );

    play(
      "what is emitted carries its saga's birth, caused from outside or not",
      {},
      async ({ hear, seen }) => {
        const born = timeGroups(Date.now() - 60_000);
        await hear(envelope(placed, "s", data, { id: `${born}-7000-8000-000000000000` }));
        await hear(envelope(reservationFailed, "s", data, { id: "evt_1" }));
        await eventually("both are out", () => seen.length, 2);
        assert.deepEqual(
          seen.map(({ id }) => id.slice(0, 13)),
          [born, born],
        );
      },
    );

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
      own.refuses = ({ sagaId }) => sagaId === "bad";
      strict.push(own);
      return own;
    };
    // One commit for both deliveries, so that one outbox row holds both events.
    const both = (hear: Play["hear"]) =>
      hear(...["bad", "good"].map((sagaId) => envelope(placed, sagaId, data)));
    play("a refused event is published again alone", { bus: choosy }, async ({ app, hear }) => {
      await both(hear);
      const refused = async () => (await app.health()).refused.count;
      const copies = () => [...(strict.at(-1)?.accepted.values() ?? [])];
      const settled = async () => (await refused()) === 1 || copies().some((times) => times > 1);
      await eventually("it is refused, or its neighbour is published twice", settled);
      assert.deepEqual([await refused(), copies()], [1, [1]]);
    });

    play(
      "a refused event stays in the outbox when its neighbours are confirmed",
      { bus: choosy },
      async ({ app, hear }) => {
        await both(hear);
        const outbox = async () => (await app.inspect.counts()).outbox;
        const refused = async () => (await app.health()).refused.count;
        const answered = async () => (await refused()) === 1 || (await outbox()) === 0;
        await eventually("the bus has answered", answered);
        // The next commit writes the answers.
        await hear(envelope(placed, "good", data));
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
