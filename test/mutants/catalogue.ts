import { BUS_MUTANTS } from "./bus-mutants.ts";
import { CHECKER_MUTANTS } from "./checker-mutants.ts";
import { ENTRY_MUTANTS } from "./entry-mutants.ts";
import { FEED_MUTANTS } from "./feed-mutants.ts";
import { FILE_MUTANTS } from "./file-mutants.ts";
import { FINDING_MUTANTS } from "./finding-mutants.ts";
import { FLIGHT_MUTANTS } from "./flight-mutants.ts";
import { HTTP_MUTANTS } from "./http-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { OBSERVER_MUTANTS } from "./observer-mutants.ts";
import { OUTLOOK_MUTANTS } from "./outlook-mutants.ts";
import { PACE_MUTANTS } from "./pace-mutants.ts";
import { PLAN_MUTANTS } from "./plan-mutants.ts";
import { POSTGRES_BUS_MUTANTS } from "./postgres-bus-mutants.ts";
import { POSTGRES_MUTANTS } from "./postgres-mutants.ts";
import { PROOF_MUTANTS } from "./proof-mutants.ts";
import { REHEARSAL_MUTANTS } from "./rehearsal-mutants.ts";
import { RUNTIME_MUTANTS } from "./runtime-mutants.ts";
import { SIMULATION_MUTANTS } from "./simulation-mutants.ts";
import { SQLITE_MUTANTS } from "./sqlite-mutants.ts";

/**
 * Deliberately broken runtimes. Each `find` must occur exactly once in its file: an edit that
 * changes nothing would leave the runtime whole. Short pieces of one line survive reformatting.
 */
export const MUTANTS: readonly Mutant[] = [
  ...RUNTIME_MUTANTS,
  ...PACE_MUTANTS,
  ...SQLITE_MUTANTS,
  ...POSTGRES_MUTANTS,
  ...POSTGRES_BUS_MUTANTS,
  ...PLAN_MUTANTS,
  ...FLIGHT_MUTANTS,
  ...BUS_MUTANTS,
  ...FILE_MUTANTS,
  ...ENTRY_MUTANTS,
  ...HTTP_MUTANTS,
  ...CHECKER_MUTANTS,
  ...PROOF_MUTANTS,
  ...OUTLOOK_MUTANTS,
  ...FEED_MUTANTS,
  ...OBSERVER_MUTANTS,
  ...REHEARSAL_MUTANTS,
  ...SIMULATION_MUTANTS,
  ...FINDING_MUTANTS,
];
