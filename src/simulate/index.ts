export { MemoryRows, type SimulatedDatabase } from "./database.ts";
export type { Draw, ValueSource } from "./draw.ts";
export type { SimulationCode, SimulationFinding } from "./findings.ts";
export type {
  DatabaseOptions,
  PgliteOptions,
  Seen,
  SimulatedEnd,
  SimulationGiven,
  SimulationOptions,
  StoreName,
  StoreOptions,
} from "./options.ts";
export { standIn } from "./outside.ts";
export type { SearchOptions } from "./search-options.ts";
export { type SimulationReport, simulate } from "./simulate.ts";
export { type Simulation, simulation } from "./simulation.ts";
export { SimulationError } from "./simulation-error.ts";
export type { LeftOut } from "./systematic.ts";
export type { Leak } from "./tripwire.ts";
