import type { BehaviourCode } from "../check/violation.ts";

/**
 * What is wrong with a run.
 *
 * - a code of `odori check`: the handlers have done what the declarations let go wrong
 * - `MODEL`      the runtime has done what the checker's model does not allow
 * - `INVARIANT`  `holds` or `always` has thrown
 * - `PARKED`     a delivery was given up on
 * - `LOST`       a saga was begun, and is not there
 * - `BEGIN`      `begin` has thrown
 * - `RESTLESS`   it has not come to rest
 * - `UNCONTROLLED`  a handler waits for something that the simulation does not control
 * - `STATEMENT_NOT_AWAITED`  a statement came after its handler had returned: it did nothing
 * - `UNHANDLED_REJECTION`  no code handles the rejection of a promise: it ends a process
 * - `NEVER`      something that is declared has happened in no run
 * - `NOT_REPRODUCED`  the same decisions have led elsewhere
 * - `NOT_FOLLOWED`  a recorded saga cannot go as it went
 * - `ENDLESS`    code of the user computes and comes to no end: told by the command
 * - `EXIT`       code of the user has ended the process: told by the command
 */
export type SimulationCode =
  | BehaviourCode
  | "MODEL"
  | "INVARIANT"
  | "PARKED"
  | "LOST"
  | "BEGIN"
  | "RESTLESS"
  | "UNCONTROLLED"
  | "STATEMENT_NOT_AWAITED"
  | "UNHANDLED_REJECTION"
  | "NEVER"
  | "NOT_REPRODUCED"
  | "NOT_FOLLOWED"
  | "ENDLESS"
  | "EXIT";

/** One thing that is wrong with a run. */
export interface SimulationFinding {
  readonly code: SimulationCode;
  readonly message: string;
  readonly sagaId?: string | undefined;
  /** The service whose handler it is about. */
  readonly service?: string | undefined;
  /** The name of its reaction or deadline. */
  readonly reaction?: string | undefined;
  /** How often the delivery was tried. */
  readonly attempts?: number | undefined;
  /** The error that was kept with the delivery. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
  /** The file and the line in the code of the user, where they are known. */
  readonly at?: string | undefined;
}

const MESSAGE_MAX_CHARS = 400;

/** Bounds text of the user, such as the message of an error. */
export function cutShort(text: string, max: number = MESSAGE_MAX_CHARS): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
