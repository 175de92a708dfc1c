import type { ServiceEntry } from "../../manifest/manifest.ts";
import type { DeliverySource, SourceBase } from "../model.ts";
import type { Violation } from "../violation.ts";

/** What only a deployment has, while two versions of a service run. */
export type RollingSource = TakeSource | AgainSource | CompletionSource | MoveSource;

/** A version takes a message from the bus, for the reactions and deadlines that it has. */
export interface TakeSource extends SourceBase {
  readonly kind: "take";
  readonly service: ServiceEntry;
  readonly type: string;
  /** Counters of the deliveries that follow. */
  readonly gives: readonly number[];
  /** Bytes of the redeliveries that become possible. */
  readonly again: readonly number[];
}

/**
 * A message that one version has taken comes again, and the other takes it: for a part that the
 * first one does not have.
 */
export interface AgainSource extends SourceBase {
  readonly kind: "again";
  readonly of: DeliverySource;
  /** Reactions that have handled it and that the version does not have: its work is done twice. */
  readonly gone: readonly string[];
}

/** A join fires that waits for fewer events than the other version of it. */
export interface CompletionSource extends SourceBase {
  readonly kind: "completion";
  readonly of: DeliverySource;
}

/** The deployment goes on. */
export interface MoveSource extends SourceBase {
  readonly kind: "move";
  readonly to: number;
  readonly service: ServiceEntry;
  readonly does: "starts" | "stops";
}

/** Something that is left when no version runs that could handle it. */
export interface Stranded {
  readonly at: number;
  /** The value that its byte has then; undefined for any but 0. */
  readonly value: number | undefined;
  readonly phases: number;
  readonly violation: Violation;
}

/** What a model of two versions has besides. */
export interface RollingModel {
  /** The service that is deployed. */
  readonly service: string;
  /** The byte of the phase. */
  readonly phaseAt: number;
  /** By phase: the phases that may still come, and itself, as bits. */
  readonly ahead: readonly number[];
  readonly stranded: readonly Stranded[];
  /** Whether no end is declared: then no saga is stuck. */
  readonly endless: boolean;
}
