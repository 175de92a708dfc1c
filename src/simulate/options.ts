import type { Service } from "../choreography/service.ts";
import type { EventContract, Fact, FactOf } from "../contract/event.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { Draw } from "./draw.ts";

/** How a saga has ended; `open`: it has not. */
export type SimulatedEnd = "succeeded" | "failed" | "open";

/** What `given` is called with: draws what differs between runs, and begins sagas. */
export interface SimulationGiven<Native> extends Draw {
  /**
   * Begins a saga in the run. `work` writes the rows that belong to it, and returns the fact with
   * which it begins.
   */
  begin<Begins extends EventContract>(
    service: Service<Native, Begins>,
    sagaId: string,
    work: (tx: Native) => FactOf<Begins> | Promise<FactOf<Begins>>,
  ): void;
  /** Lets an event come from outside, at any moment after the saga has begun. */
  arrive(sagaId: string, fact: Fact): void;
}

/** What `holds` and `always` look at. */
export interface Seen<Native> {
  /** The rows of a service, past the runtime. */
  rows(service: string | { readonly name: string }): Native;
  /** How each saga of the run has ended. */
  readonly sagas: ReadonlyMap<string, SimulatedEnd>;
}

/** What is simulated, and what has to hold. */
export interface SimulationOptions<Native> {
  /** Begins the sagas of one run. */
  readonly given: (given: SimulationGiven<Native>) => void;
  /** Throws unless the rows are right once a run has come to rest. */
  readonly holds?: (seen: Seen<Native>) => void | Promise<void>;
  /** Throws unless the rows are right after a commit, while no other transaction is open. */
  readonly always?: (seen: Seen<Native>) => void | Promise<void>;
  /** Puts back what handlers keep outside their databases, such as a stand-in of a gateway. */
  readonly reset?: () => void;
  /**
   * Processes of a service, by its name.
   * @default 1
   */
  readonly instances?: Readonly<Record<string, number>>;
  /**
   * Has a person retry what is parked. Handlers may then fail for good as well.
   * @default false
   */
  readonly operator?: boolean;
  /**
   * Findings that are accepted, each with the reason: a code, or an outcome that never happens, as
   * the finding `NEVER` names it. Runs go on after them, and those with one are counted.
   * @default {}
   */
  readonly accepts?: Readonly<Record<string, string>>;
}

/**
 * Where services have their data.
 *
 * - `rows`    the rows of handlers in SQLite in memory, the bookkeeping of Odori in maps
 * - `sqlite`  all of it in SQLite in memory, in the tables of `odori/sqlite`: slower
 * - `pglite`  the rows of handlers in Postgres within this process, through `Sql` of
 *   `odori/postgres`; the bookkeeping of Odori in maps
 */
export type StoreName = "rows" | "sqlite" | "pglite";

/** Options of a simulation with handlers of SQLite. */
export interface StoreOptions {
  /** @default "rows" */
  readonly store?: Exclude<StoreName, "pglite">;
}

/** Options of a simulation with handlers of Postgres. It needs `@electric-sql/pglite` and `pg`. */
export interface PgliteOptions {
  readonly store: Extract<StoreName, "pglite">;
}

/** Options of a simulation with databases of another kind than SQLite. */
export interface DatabaseOptions<Native> {
  /** Makes the database of a service. It is used for every run. */
  readonly database: (service: string) => SimulatedDatabase<Native>;
}
