import assert from "node:assert/strict";
import {
  type App,
  type Bus,
  type EventContract,
  type EventEnvelope,
  OdoriError,
  type Service,
  type Store,
  StoreUnavailableError,
  service,
  start,
} from "odori";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { authorized, declined, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope, silent } from "../support/stage.ts";

const LIMIT_MS = 1_500;

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
  hear(event: EventEnvelope): Promise<void>;
  effects(): Promise<readonly unknown[]>;
}

/**
 * What the runtime promises, as the least that shows it: run against the whole runtime, and against
 * each broken one.
 */
export function runtimeScenarios({ describe, it }: Runner): void {
  const data = { orderId: "s" };
  const play = (
    name: string,
    change: {
      readonly store?: (store: Store<Sql>) => Store<Sql>;
      readonly bus?: (bus: Bus) => Bus;
    },
    body: (play: Play) => Promise<void>,
  ) => {
    it(name, async () => {
      const bus = memoryBus(["payment", "audience"]);
      const store = sqlite(":memory:");
      const seen: EventEnvelope[] = [];
      await bus.subscribe(
        { group: "audience", topics: [authorized.type, refunded.type], inFlightMax: 100 },
        async (incoming) => {
          if (!("malformed" in incoming)) seen.push(incoming);
        },
      );
      const parts = { store: change.store?.(store) ?? store, bus: change.bus?.(bus) ?? bus };
      const app = await start<Sql, EventContract>(payment as Service<Sql, EventContract>, {
        ...parts,
        logger: silent,
        pollMs: 5,
        drainMs: 50,
      });
      try {
        const effects = () =>
          store.transaction(async ({ native }) =>
            native.all("SELECT what FROM effects").map((row) => row.what),
          );
        await body({ app, seen, hear: (event) => bus.publish([event]), effects });
      } finally {
        await app.stop();
        await bus.close();
      }
    });
  };
  /** A store whose next commits fail, so many of them. */
  const failing = (times: number) => {
    let left = times;
    return (store: Store<Sql>): Store<Sql> =>
      Object.assign(Object.create(store), {
        transaction: <T>(work: Parameters<Store<Sql>["transaction"]>[0]) =>
          store.transaction(async (tx) => {
            const result = await work(tx);
            // Whoever looks at the effects uses the inner store; the first transaction is the
            // service's setup.
            if (left-- > 0 && left < times - 1)
              throw new StoreUnavailableError("STORE_UNAVAILABLE", "no room to commit");
            return result as T;
          }),
        open: store.open.bind(store),
        claim: store.claim.bind(store),
        close: store.close.bind(store),
      });
  };

  describe("the runtime", () => {
    play(
      "a delivery whose commit fails comes again",
      { store: failing(2) },
      async ({ hear, effects }) => {
        void hear(envelope(placed, "s", data));
        await eventually("it has its effect", async () => (await effects()).length, 1, LIMIT_MS);
      },
    );

    play(
      "nothing of a commit that failed is published",
      { store: failing(1_000) },
      async ({ hear, seen }) => {
        void hear(envelope(placed, "s", data)).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.deepEqual(seen, []);
      },
    );

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

    play("two causes undo once", {}, async ({ hear, effects }) => {
      await hear(envelope(placed, "s", data));
      await hear(envelope(reservationFailed, "s", data));
      await hear(envelope(reservationFailed, "s", data));
      assert.deepEqual(await effects(), ["charged", "refunded"]);
    });
  });
}
