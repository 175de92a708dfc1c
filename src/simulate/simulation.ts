import type { Sql } from "../adapters/sqlite/sql.ts";
import type { Choreography } from "../choreography/choreography.ts";
import { OdoriError } from "../contract/errors.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { DatabaseOptions, SimulationOptions, StoreName, StoreOptions } from "./options.ts";
import { SqlRows } from "./sql-rows.ts";
import { SqliteTables } from "./sqlite-tables.ts";
import { Stage } from "./stage.ts";

/** Makes the database of a service. */
type MakeDatabase<Native> = (service: string) => SimulatedDatabase<Native>;

const STORES: Readonly<Record<StoreName, MakeDatabase<Sql>>> = {
  rows: () => new SqlRows(),
  sqlite: () => new SqliteTables(),
};

/**
 * A choreography, with what begins and what has to hold: what `odori simulate` takes from a module.
 */
export class Simulation<Native> {
  readonly choreography: Choreography<Native>;
  readonly options: SimulationOptions<Native>;
  readonly #databases: (store: StoreName | undefined) => MakeDatabase<Native>;

  constructor(
    choreography: Choreography<Native>,
    options: SimulationOptions<Native>,
    databases: (store: StoreName | undefined) => MakeDatabase<Native>,
  ) {
    this.choreography = choreography;
    this.options = options;
    this.#databases = databases;
  }

  /** Prepares its databases. Rejects with `OPTION_INVALID` if it has another kind than `store`. */
  async prepare(store?: StoreName): Promise<Stage<Native>> {
    return Stage.prepare(this.choreography, this.options, this.#databases(store));
  }
}

/**
 * Says how to simulate a choreography. A module exports it for `odori simulate`. Handlers write
 * through `Sql` of `odori/sqlite`, unless `database` is given.
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
export function simulation<Native>(
  choreography: Choreography<Native>,
  options: SimulationOptions<Native> & DatabaseOptions<Native>,
): Simulation<Native>;
export function simulation(
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & Partial<DatabaseOptions<Sql>> & StoreOptions,
): Simulation<Sql> {
  const { database, store = "rows" } = options;
  return new Simulation(choreography, options, (wanted) => {
    if (database === undefined) return STORES[wanted ?? store];
    if (wanted === undefined) return database;
    throw new OdoriError("OPTION_INVALID", "The simulation makes databases of its own.", {
      hint: "Leave out the store, or the option `database` of the simulation.",
    });
  });
}
