import type { ReactionKind } from "../choreography/fence.ts";
import type { DeadlineEntry, ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";
import type { Symmetry } from "./exchange.ts";
import type { Reductions } from "./reductions.ts";
import type { Violation } from "./violation.ts";

/*
 * A choreography, compiled for exploration. The state of one saga is a row of bytes: counters of
 * pending deliveries, and the marks of the services. The byte of an effect is a mark of the fence
 * (`choreography/fence.ts`). All else is resolved once, so a transition only adds and compares
 * bytes.
 */

/** States of a deadline's byte. `OVER`: fired or cancelled. */
export const IDLE = 0;
export const ARMED = 1;
export const OVER = 2;
/** Armed by an event that only the new one of two versions reads. */
export const ARMED_BY_NEW = 3;

/** Offsets of the fixed variables. The others begin at `FIRST_FREE`. */
export const SUCCEEDED = 0;
export const FAILED = 1;
export const PARKED = 2;
export const PIVOTED = 3;
export const FIRST_FREE = 4;

/** Names what a byte of a state stands for, in the words of the manifest. */
export interface Variable {
  readonly kind: string;
  readonly service?: string;
  /** Of a reaction or a deadline: its place in its service. */
  readonly place?: number;
  readonly types?: readonly string[];
  readonly effect?: string;
  /** A name that is local to the service. */
  readonly local?: string;
}

/** One event, emitted by one service, with the changes that it makes at once. */
export interface ModelEmission {
  readonly type: string;
  /** Deliveries that become pending. */
  readonly sources: readonly DeliverySource[];
  /** The bytes that count them, each once, with the phases in which the event is heard. */
  readonly posts: readonly Post[];
  /** Bytes of joins that have gathered the event as soon as it is emitted. */
  readonly gathers: readonly number[];
  readonly touches: readonly { readonly deadline: ModelDeadline; readonly arms: boolean }[];
  /** Bytes that remember the event for deadlines which another version has. */
  readonly notes: readonly number[];
  readonly end: "success" | "failure" | undefined;
  /** The byte that is 1 once this end was emitted; -1 where the event does not end the saga. */
  readonly endAt: number;
  readonly pivot: boolean;
  readonly triggersUndo: boolean;
  readonly acquires: readonly number[];
  readonly releases: readonly number[];
  /** Reactions that hear the event and change nothing. */
  readonly sinks: readonly ModelReaction[];
}

/** A byte that counts pending deliveries, and the phases in which they are kept, as bits. */
export interface Post {
  readonly at: number;
  readonly phases: number;
}

export interface Effect {
  readonly service: string;
  /** Its event, or the name that it declares. */
  readonly type: string;
  /** The name under which the runtime keeps its mark, without the key. */
  readonly stored: string;
  /** Which of the two keys explored; undefined without a key. */
  readonly key: number | undefined;
  /** The events that stand for it in `undoOrder`, `oneOf` and `begins`. */
  readonly events: ReadonlySet<string>;
  readonly at: number;
  readonly undone: boolean;
  /**
   * Whether a failed saga must have undone the effect. False if no undo names it and each of its
   * outcomes ends the saga.
   */
  readonly needsUndo: boolean;
  /** Effects of `undoOrder` that must be undone before this one. */
  readonly after: Effect[];
}

export type ChoiceKind = "success" | "failure" | "late" | "acknowledge" | "park" | "forget";

/** One alternative of a reaction that takes a delivery, or of a deadline that has passed. */
export interface Choice {
  readonly index: number;
  readonly kind: ChoiceKind;
  readonly emits: readonly ModelEmission[];
  /** The effect that a step does, and that an undo reverses or bars. */
  readonly effect: Effect | undefined;
  /** Of an undo: every effect that is undone or barred afterwards, those of all keys included. */
  readonly closes: readonly Effect[];
  /** Place of the key for which it may be taken; undefined for any. */
  readonly key: number | undefined;
}

/** The marks that a delivery depends on, for one key of the reaction. */
export interface KeyedMarks {
  /** Effects whose marks the fence asks for. */
  readonly effects: readonly Effect[];
  /** Effects that an undo of all keys has closed: these bar the reaction, too. */
  readonly barredBy: readonly Effect[];
}

export interface ModelReaction {
  readonly index: number;
  readonly service: ServiceEntry;
  readonly entry: ReactionEntry;
  readonly place: number;
  /** The kind, as the fence numbers it. */
  readonly kind: ReactionKind;
  /** Effects that a step or a join may do, or that an undo reverses, each once. */
  readonly effects: readonly Effect[];
  /** By key: one entry, or two if the reaction has a key. */
  readonly keys: readonly KeyedMarks[];
  /** Whether it is an undo of the effects of all keys. */
  readonly ofAllKeys: boolean;
  /** By key, the effect of each success outcome, in order; of an undo, what it reverses. */
  readonly outcomeEffects: readonly (readonly (Effect | undefined)[])[];
  /** Filled in by `compile`, when every hearer has its byte. */
  readonly choices: Choice[];
  readonly onceAt: number;
  readonly maxAt: number;
  readonly max: number;
  /** Of a join: one byte for each event that it waits for. */
  readonly gatherAt: number;
  /** How many events a join waits for; 0 of any other reaction. */
  readonly parts: number;
  /** Of a join: whether it does not wait for an event, in the order of its events. */
  readonly optional: readonly boolean[];
  readonly firedAt: number;
  /** -1 where no delivery to it is given up on. */
  readonly parkedAt: number;
  /** Whether its service may have forgotten the saga when an event comes that it hears. */
  readonly mayForget: boolean;
  /** Of one that may be forgotten: bytes that are 1 while its service has something open. */
  readonly keptBy: number[];
  readonly lateSilent: boolean;
  /**
   * Of an undo: effects of another version that may be its own under another name. While one is
   * done, the undo is parked and does not say that there is nothing to undo.
   */
  readonly strange: readonly { readonly name: string; readonly at: number }[];
}

export interface ModelDeadline {
  readonly index: number;
  readonly service: ServiceEntry;
  readonly entry: DeadlineEntry;
  readonly at: number;
  /** The value of its byte while it is armed by an event that it reads. */
  readonly armedAs: number;
  /** It fires; or it is parked. Filled in by `compile`. */
  readonly choices: Choice[];
}

/** A transition that may be enabled, without the choice among its alternatives. */
export type TransitionSource =
  | DeliverySource
  | JoinSource
  | DeadlineSource
  | ArrivalSource
  | RepeatSource
  | RollingSource;

interface SourceBase {
  readonly index: number;
  /** The byte that says whether it is enabled. */
  readonly at: number;
  /** The phases of a deployment in which it may happen, as bits. */
  readonly phases: number;
}

/** A pending delivery to a reaction, or to a deadline that it arms or cancels. */
export interface DeliverySource extends SourceBase {
  readonly kind: "delivery";
  /** The events that it counts: one, unless deliveries to a reaction are merged. */
  readonly types: readonly string[];
  readonly reaction: ModelReaction | undefined;
  readonly deadline: ModelDeadline | undefined;
  readonly arms: boolean;
  /** Of a join: which of its events this is. */
  readonly part: number;
  /** Whether its service may have forgotten the saga by then: it is older than retention. */
  readonly forgets: boolean;
  /** The byte that is 1 once it may be redelivered; -1 where an inbox drops redeliveries. */
  readonly repeatAt: number;
  /** Bytes that remember the event for deadlines which another version has. */
  readonly notes: readonly number[];
}

/** A join that runs as soon as it has gathered its events, where their deliveries are merged. */
export interface JoinSource extends SourceBase {
  readonly kind: "join";
  readonly reaction: ModelReaction;
}

export interface DeadlineSource extends SourceBase {
  readonly kind: "deadline";
  readonly deadline: ModelDeadline;
  /** If one of these bytes is set, an event has passed that calls the deadline off. */
  readonly seeks: readonly number[];
  /** Whether the version has retired the deadline: it is then dropped. */
  readonly retired: boolean;
}

/** An event of `arrives`. Its byte is 1 once it has arrived. */
export interface ArrivalSource extends SourceBase {
  readonly kind: "arrival";
  readonly type: string;
  readonly emits: readonly ModelEmission[];
}

/** A redelivery to a service without an inbox, any number of times after the delivery. */
export interface RepeatSource extends SourceBase {
  readonly kind: "repeat";
  readonly of: DeliverySource;
}

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

export interface Beginning {
  readonly type: string;
  /** Undefined for an event from outside. */
  readonly service: string | undefined;
  readonly effect: Effect | undefined;
  readonly emits: readonly ModelEmission[];
  /** The phase of a deployment in which the saga begins. */
  readonly phase: number;
}

export interface Model {
  readonly reductions: Reductions;
  /** By byte. Undefined for the fixed ones, and for bytes that no part uses. */
  readonly variables: readonly (Variable | undefined)[];
  /** Groups of legs that look alike. */
  readonly symmetries: readonly Symmetry[];
  /** Bytes of a state, a multiple of 4. */
  readonly size: number;
  /** Bytes from `FIRST_FREE` to here say what is pending. */
  readonly pendingEnd: number;
  readonly sources: readonly TransitionSource[];
  readonly reactions: readonly ModelReaction[];
  readonly deadlines: readonly ModelDeadline[];
  readonly effects: readonly Effect[];
  readonly beginnings: readonly Beginning[];
  /** The failure ends, each with the byte that is 1 once it was emitted. */
  readonly failures: readonly { readonly type: string; readonly at: number }[];
  /** Groups of effects of which success keeps exactly one. */
  readonly oneOf: readonly (readonly Effect[])[];
  readonly locks: readonly {
    readonly name: string;
    readonly acquire: string;
    readonly at: number;
  }[];
  /** Undefined unless two versions of a service run. */
  readonly rolling: RollingModel | undefined;
}

/** Every phase of a deployment, and the only one where there is none. */
export const EVERY_PHASE = 0xff;

/** Returns the delivery that a transition makes, in any way that it comes. */
export function deliveryMadeBy(source: TransitionSource): DeliverySource | undefined {
  switch (source.kind) {
    case "delivery":
      return source;
    case "repeat":
    case "again":
    case "completion":
      return source.of;
    default:
      return undefined;
  }
}

/** Returns the reaction that a transition may run. */
export function reactionRunBy(source: TransitionSource): ModelReaction | undefined {
  return source.kind === "join" ? source.reaction : deliveryMadeBy(source)?.reaction;
}
