import type { SagaSummary } from "../observe/summary.ts";
import type { DevFault } from "./fault.ts";
import type { BeginForm } from "./form.ts";
import type { DevPlaces } from "./places.ts";

/** What may be asked of running services, in their process. */
export interface ServicesControl {
  forms(): Promise<readonly BeginForm[]>;
  /** What a fault of each service may name. */
  places(): Promise<readonly DevPlaces[]>;
  /**
   * Begins a saga. Rejects with `USAGE` for a type that begins none, and with `PAYLOAD_INVALID` as
   * the contract says.
   */
  begin(request: SagaToBegin): Promise<BegunSaga>;
  /** Sets a fault, which is read by `readFault`. Rejects with `FAULT_INVALID`. */
  fault(fault: unknown): Promise<readonly DevFault[]>;
  faults(): Promise<readonly DevFault[]>;
  /** Removes all faults, and lets go of held messages. */
  clear(): Promise<readonly DevFault[]>;
  /** The sagas that were written to last, at most `limit`. */
  sagas(limit: number): Promise<readonly SagaSummary[]>;
}

/** What a terminal or a page may ask, whichever process the services are in. */
export interface DevControl extends ServicesControl {
  /** Begins a saga as the last one was begun, with another id. Rejects with `USAGE` before one. */
  again(): Promise<BegunSaga>;
  /** The sagas that were begun, from a terminal or a page. */
  readonly begun: BegunSagas;
  /** Why the services have ended; undefined while they run or start. */
  readonly failure: ServicesFailure | undefined;
}

/** Sagas that were begun; of many only the last. */
export interface BegunSagas {
  readonly count: number;
  /** The last first. */
  readonly last: readonly BegunSaga[];
}

/** Why services have ended that start again only with a change. */
export interface ServicesFailure {
  readonly code: string;
  readonly message: string;
}

/** A saga to begin. */
export interface SagaToBegin {
  /** @default the only event that begins a saga */
  readonly type?: string | undefined;
  readonly payload: unknown;
  /** @default a new UUID */
  readonly sagaId?: string | undefined;
}

/** A saga that was begun, or that had been begun before. */
export interface BegunSaga {
  readonly sagaId: string;
  readonly begun: boolean;
}

/** What running services tell. */
export type DevEvent =
  /** They run; `resumed` sagas go on from an earlier process. */
  | { readonly kind: "ready"; readonly services: readonly string[]; readonly resumed: number }
  | ({ readonly kind: "step" } & DevStep)
  /** A saga has come to its end. */
  | { readonly kind: "ended"; readonly sagaId: string; readonly succeeded: boolean }
  /** They cannot run, or not any longer: the process ends. */
  | ({ readonly kind: "failed" } & ServicesFailure);

/** One step of a saga, as it was committed. */
export interface DevStep {
  readonly sagaId: string;
  readonly service: string;
  /** The type of the event that was heard; undefined for a beginning. */
  readonly heard: string | undefined;
  /** How the delivery ended, as `Disposition` says; undefined if nothing was committed. */
  readonly disposition: string | undefined;
  readonly emitted: readonly string[];
  /** The technical failure, in words. */
  readonly failure: string | undefined;
}
