import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { StoreCounts } from "./inspection.ts";
import type { Disposition } from "./journal.ts";
import type { TakenOver } from "./store.ts";

/**
 * Watches services, for traces and metrics: `odori/otel` has one. No method may throw. Without it,
 * the runtime does nothing for telemetry but pass a trace on from cause to effect, unchanged.
 */
export interface Telemetry {
  /** Called once for each service that starts. */
  watch(service: WatchedService): ServiceWatch;
}

/** A service that starts. */
export interface WatchedService {
  readonly name: string;
  /** Asks database and bus, for at most some seconds. Does not reject. */
  report(): Promise<ServiceReport>;
}

/** The state of a running service. */
export interface ServiceReport {
  /** The code of the error for which database or bus cannot be used; undefined if they can. */
  readonly problem: string | undefined;
  /** How many events the bus refuses while it accepts others. */
  readonly refused: number;
  /** What this process has taken over since its start from processes that were found dead. */
  readonly takenOver: TakenOver;
  /** Deliveries of the bus that this process has freed of processes that were found dead. */
  readonly redelivered: number;
  /** How often others have found this process dead since its start, although it lived. */
  readonly lost: number;
  /** Undefined when the database cannot be read. */
  readonly store: StoreCounts | undefined;
}

/** What the runtime tells of one service. */
export interface ServiceWatch {
  /** Runs work of the runtime outside of the caller's span. */
  apart<T>(work: () => T): T;
  /** The bus has delivered a message of this type. */
  received(type: string): void;
  /** A delivery is about to run for the first time. */
  delivery(delivery: WatchedDelivery): DeliveryWatch;
  /** `begin` was called; called in the caller's own context. */
  beginning(beginning: WatchedBeginning): DeliveryWatch;
  /** Events are about to be published, in one call. */
  publishing(events: readonly EventEnvelope[]): PublishWatch;
  /** This many deliveries were committed together. */
  committed(deliveries: number): void;
  /** The service has stopped. */
  stopped(): void;
}

/** A delivery of a message to one reaction or deadline. */
export interface WatchedDelivery {
  readonly reaction: string;
  readonly message: MessageHead;
  /** What a join has gathered before: its other causes. */
  readonly gathered: readonly EventEnvelope[];
  /** 1 for the first time. */
  readonly attempt: number;
  /** Milliseconds since the event was emitted; undefined where the delivery was kept meanwhile. */
  readonly lagMs: number | undefined;
}

/** A beginning of a saga. */
export interface WatchedBeginning {
  readonly sagaId: string;
  readonly correlationId: string;
  /** The trace that the caller has named; empty: the one that is active. */
  readonly trace: Partial<TraceContext>;
}

/** Watches one delivery from its first run to its commit. It may run again after a rollback. */
export interface DeliveryWatch {
  /** The trace that emitted events carry; undefined: that of their cause. */
  readonly trace: TraceContext | undefined;
  /** Calls `work` so that its handler runs within the span. */
  run<T>(work: () => T): T;
  /** Called once: committed, or with an `error` that was not recorded. */
  ended(end: DeliveryEnd): void;
}

/** Watches one call that publishes. */
export interface PublishWatch {
  /** Calls `work`, which asks the bus, within the span. */
  run<T>(work: () => T): T;
  /** Called once, with an error for each event; undefined where the bus has accepted it. */
  ended(errors: readonly unknown[]): void;
}

/** How a delivery has ended. */
export interface DeliveryEnd {
  /** Undefined: it was handled before, or nothing was committed. */
  readonly disposition: Disposition | undefined;
  readonly effect: string | undefined;
  /** Types of the emitted events. */
  readonly emitted: readonly string[];
  /** The technical failure. A declared failure is an outcome, and not an error. */
  readonly error: unknown;
}
