import {
  type App,
  type Bus,
  type EventContract,
  type EventEnvelope,
  type Service,
  type Store,
  service,
  start,
} from "odori";
import { checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { authorized, declined, placed, refunded, reservationFailed } from "../support/contracts.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

export const setup = (tx: Sql) =>
  tx.exec("CREATE TABLE IF NOT EXISTS effects (what TEXT NOT NULL)");
export const effect = (tx: Sql, what: string) =>
  tx.run("INSERT INTO effects (what) VALUES (?)", what);

/** Charges, and refunds. */
export const payment = service<Sql>("payment", { setup })
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

/** One service on SQLite, its bus, and what it emits. */
export interface Play {
  readonly app: App<Sql, EventContract>;
  readonly seen: readonly EventEnvelope[];
  hear(...events: readonly EventEnvelope[]): Promise<void>;
  effects(): Promise<readonly unknown[]>;
}

/** What differs from the service of `payment` in its ordinary surroundings. */
export interface Change {
  readonly store?: (store: Store<Sql>) => Store<Sql>;
  readonly bus?: (bus: Bus) => Bus;
  readonly service?: Service<Sql>;
}

/** Returns what declares a scenario. */
export function playing(it: Runner["it"]) {
  return (name: string, change: Change, body: (play: Play) => Promise<void>): void => {
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
}
