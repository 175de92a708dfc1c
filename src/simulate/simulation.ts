import type { Sql } from "../adapters/sqlite/sql.ts";
import type { Choreography } from "../choreography/choreography.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { DatabaseOptions, SimulationOptions } from "./options.ts";
import { SqlRows } from "./sql-rows.ts";
import { Stage } from "./stage.ts";

/**
 * A choreography, with what begins and what has to hold: what `odori simulate` takes from a module.
 */
export class Simulation<Native> {
  readonly choreography: Choreography<Native>;
  readonly options: SimulationOptions<Native>;
  readonly #database: (service: string) => SimulatedDatabase<Native>;

  constructor(
    choreography: Choreography<Native>,
    options: SimulationOptions<Native>,
    database: (service: string) => SimulatedDatabase<Native>,
  ) {
    this.choreography = choreography;
    this.options = options;
    this.#database = database;
  }

  /** Prepares its databases. */
  prepare(): Promise<Stage<Native>> {
    return Stage.prepare(this.choreography, this.options, this.#database);
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
  options: SimulationOptions<Sql>,
): Simulation<Sql>;
export function simulation<Native>(
  choreography: Choreography<Native>,
  options: SimulationOptions<Native> & DatabaseOptions<Native>,
): Simulation<Native>;
export function simulation(
  choreography: Choreography<Sql>,
  options: SimulationOptions<Sql> & Partial<DatabaseOptions<Sql>>,
): Simulation<Sql> {
  return new Simulation(choreography, options, options.database ?? (() => new SqlRows()));
}
