import type { Sql as PostgresSql } from "../adapters/postgres/native.ts";
import type { Sql } from "../adapters/sqlite/sql.ts";
import type { Choreography } from "../choreography/choreography.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { OnEnter } from "./announced.ts";
import type { SimulatedDatabase } from "./database.ts";
import type {
  DatabaseOptions,
  PgliteOptions,
  SimulationOptions,
  StoreName,
  StoreOptions,
} from "./options.ts";
import { loadPglite } from "./pglite.ts";
import { SqlRows } from "./sql-rows.ts";
import { SqliteTables } from "./sqlite-tables.ts";
import { Stage } from "./stage.ts";

/** Makes the database of a service. */
type MakeDatabase<Native> = (service: string) => SimulatedDatabase<Native>;
/** Finds what makes them, for the store that was asked for. */
type FindDatabases<Native> = (
  store: StoreName | undefined,
) => MakeDatabase<Native> | Promise<MakeDatabase<Native>>;

const STORES = {
  rows: () => new SqlRows(),
  sqlite: () => new SqliteTables(),
} satisfies Readonly<Partial<Record<StoreName, MakeDatabase<Sql>>>>;

/**
 * A choreography, with what begins and what has to hold: what `odori simulate` takes from a module.
 */
export class Simulation<Native> {
  readonly choreography: Choreography<Native>;
  readonly options: SimulationOptions<Native>;
  readonly #databases: FindDatabases<Native>;

  constructor(
    choreography: Choreography<Native>,
    options: SimulationOptions<Native>,
    databases: FindDatabases<Native>,
  ) {
    this.choreography = choreography;
    this.options = options;
    this.#databases = databases;
  }

  /**
   * Prepares its databases. Rejects with `OPTION_INVALID` if it has another kind than `store`, and
   * with `PGLITE_MISSING`. `onEnter` is told which code of the user is about to run.
   */
  async prepare(store?: StoreName, onEnter?: OnEnter): Promise<Stage<Native>> {
    const databases = await this.#databases(store);
    return Stage.prepare(this.choreography, this.options, databases, onEnter);
  }
}

/**
 * Says how to simulate a choreography. A module exports it for `odori simulate`. Handlers write
 * through `Sql` of `odori/sqlite`; of `odori/postgres` with `store: "pglite"`; of another kind with
 * `database`.
 *
 * @example
 * ```ts
 * import { simulation } from "odori/simulate";
 * import order from "./choreography.ts";
 * import { orderPlaced } from "./contracts.ts";
 * import { order as shop } from "./services.ts";
 *
 * export default simulation(order, {
 *   given: ({ begin, pick }) =>
 *     begin(shop, "o-1", () => orderPlaced({ orderId: "o-1", amount: pick([100, 2_000]) })),
 * });
 * ```
 */
export function simulation(
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & StoreOptions,
): Simulation<Sql>;
export function simulation(
  choreography: Choreography<PostgresSql>,
  options: SimulationOptions<PostgresSql> & PgliteOptions,
): Simulation<PostgresSql>;
export function simulation<Native>(
  choreography: Choreography<Native>,
  options: SimulationOptions<Native> & DatabaseOptions<Native>,
): Simulation<Native>;
export function simulation(
  ...given: SqliteGiven | PgliteGiven
): Simulation<Sql> | Simulation<PostgresSql> {
  if (isPglite(given)) return onPglite(...given);
  const [choreography, options] = given;
  const { database, store = "rows" } = options;
  return new Simulation(choreography, options, (wanted) => {
    if (database !== undefined) {
      if (wanted === undefined) return database;
      throw otherStore("The simulation makes databases of its own.", "`database`");
    }
    if (wanted === "pglite")
      throw otherStore("The handlers of this simulation write to SQLite.", "`store`");
    const name = wanted ?? store;
    if (Object.hasOwn(STORES, name)) return STORES[name];
    throw new OdoriError("OPTION_INVALID", `The store ${quote(name)} is unknown.`, {
      hint: "It is one of rows, sqlite, pglite.",
    });
  });
}

type SqliteGiven = readonly [
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & Partial<DatabaseOptions<Sql>> & StoreOptions,
];
type PgliteGiven = readonly [
  choreography: Choreography<PostgresSql>,
  options: SimulationOptions<PostgresSql> & PgliteOptions,
];

function isPglite(given: SqliteGiven | PgliteGiven): given is PgliteGiven {
  return given[1].store === "pglite";
}

function onPglite(...[choreography, options]: PgliteGiven): Simulation<PostgresSql> {
  const services = choreography.services.map(({ name }) => name);
  return new Simulation(choreography, options, async (wanted = "pglite") => {
    if (wanted !== "pglite")
      throw otherStore("The handlers of this simulation write to Postgres.", "`store`");
    return (await loadPglite())(services);
  });
}

function otherStore(message: string, option: string): OdoriError {
  return new OdoriError("OPTION_INVALID", message, {
    hint: `Leave out the store, or change the option ${option} of the simulation.`,
  });
}
