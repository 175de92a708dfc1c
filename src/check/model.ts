import type { ReactionKind } from "../choreography/fence.ts";
import type { DeadlineEntry, ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";

/*
 * A choreography, compiled for exploration. The state of one saga is a row of bytes: how many
 * deliveries are pending for each reaction, and the marks of the services. Everything else is
 * looked up here once, so that a transition only adds and compares bytes.
 */

/** A deadline's byte: over once it was fired or called off. */
export const IDLE = 0;
export const ARMED = 1;
export const OVER = 2;

/** Where in the row a variable is. Fixed ones first. */
export const SUCCEEDED = 0;
export const FAILED = 1;
export const PARKED = 2;
export const PIVOTED = 3;
export const FIRST_FREE = 4;

/** One event, emitted by one service: what that changes at once. */
export interface Emission {
  readonly type: string;
  /** Deliveries that become pending. */
  readonly sources: readonly DeliverySource[];
  readonly touches: readonly { readonly deadline: ModelDeadline; readonly arms: boolean }[];
  readonly end: "success" | "failure" | undefined;
  /** Counts emissions of this end; -1 where the event is no end. */
  readonly endAt: number;
  readonly pivot: boolean;
  readonly triggersUndo: boolean;
  readonly acquires: readonly number[];
  readonly releases: readonly number[];
  /** Reactions that hear it and change nothing. */
  readonly sinks: readonly ModelReaction[];
}

export interface Effect {
  readonly service: string;
  readonly type: string;
  readonly at: number;
  readonly undone: boolean;
  /**
   * Whether a saga that fails must have undone it. Not so where no undo names it and each of its
   * outcomes ends the saga.
   */
  readonly needsUndo: boolean;
  /** Effects that must not be done any more when this one is undone. */
  readonly after: Effect[];
}

export type ChoiceKind = "success" | "failure" | "late" | "acknowledge" | "park";

/** One alternative of what happens when a reaction gets a delivery. */
export interface Choice {
  readonly index: number;
  readonly kind: ChoiceKind;
  readonly emits: readonly Emission[];
  /** Of a step: what the outcome does. */
  readonly effect: Effect | undefined;
}

export interface ModelReaction {
  readonly index: number;
  readonly service: ServiceEntry;
  readonly entry: ReactionEntry;
  readonly place: number;
  /** As the fence numbers it. */
  readonly kind: ReactionKind;
  /** Of a step or a join: what may be done, each of which bars it; of an undo: the one effect. */
  readonly effects: readonly Effect[];
  /** What each of its success outcomes does; of an undo, what each reverses. */
  readonly outcomeEffects: readonly (Effect | undefined)[];
  /** Filled in once everything that hears is known. */
  readonly choices: Choice[];
  readonly onceAt: number;
  readonly maxAt: number;
  readonly max: number;
  /** Of a join: one byte for each event that it waits for. */
  readonly gatherAt: number;
  /** How many events a join waits for; 0 of any other reaction. */
  readonly parts: number;
  readonly firedAt: number;
  readonly parkedAt: number;
  readonly lateSilent: boolean;
}

export interface ModelDeadline {
  readonly service: ServiceEntry;
  readonly entry: DeadlineEntry;
  readonly at: number;
  readonly emits: Emission[];
}

/** Something that may happen next: what a transition is named by. */
export type TransitionSource = DeliverySource | DeadlineSource | ArrivalSource | RepeatSource;

interface SourceBase {
  readonly index: number;
  /** The byte that says whether it is enabled. */
  readonly at: number;
}

/** A pending delivery, to a reaction or to a deadline that it arms or calls off. */
export interface DeliverySource extends SourceBase {
  readonly kind: "delivery";
  readonly type: string;
  readonly reaction: ModelReaction | undefined;
  readonly deadline: ModelDeadline | undefined;
  readonly arms: boolean;
  /** Of a join: which of its events this is. */
  readonly part: number;
  /** Byte that says that it was delivered, and may come again; -1 where an inbox recognises it. */
  readonly repeatAt: number;
}

export interface DeadlineSource extends SourceBase {
  readonly kind: "deadline";
  readonly deadline: ModelDeadline;
}

/** An event of `arrives`. Its byte is 1 once it has come. */
export interface ArrivalSource extends SourceBase {
  readonly kind: "arrival";
  readonly type: string;
  readonly emits: readonly Emission[];
}

/**
 * The same message again, to a service without an inbox, as often as it likes, once it was there.
 */
export interface RepeatSource extends SourceBase {
  readonly kind: "repeat";
  readonly of: DeliverySource;
}

export interface Beginning {
  readonly type: string;
  /** Undefined where the event comes from outside. */
  readonly service: string | undefined;
  readonly effect: Effect | undefined;
  readonly emits: readonly Emission[];
}

export interface Model {
  /** Bytes of a state, a multiple of 4. */
  readonly size: number;
  /** Bytes from `FIRST_FREE` to here say what is pending. */
  readonly pendingEnd: number;
  readonly sources: readonly TransitionSource[];
  readonly reactions: readonly ModelReaction[];
  readonly deadlines: readonly ModelDeadline[];
  readonly effects: readonly Effect[];
  readonly beginnings: readonly Beginning[];
  /** Groups of effects of which success keeps exactly one. */
  readonly oneOf: readonly (readonly Effect[])[];
  readonly locks: readonly {
    readonly name: string;
    readonly acquire: string;
    readonly at: number;
  }[];
}
