import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { Named } from "../contract/names.ts";
import type { Problem } from "../ports/deferred.ts";
import type { Context } from "./context.ts";

/** An outcome as a list: the events emitted together; empty when silent. */
export type OutcomeList = readonly EventContract[];

/** The event that is emitted when a delivery is parked. */
export interface OnParkedDeclaration {
  readonly emits: EventContract;
  make(event: EventEnvelope, valid: boolean, problem: Problem): Fact;
}

/** The outcomes of a reaction that comes too late. */
export interface LateDeclaration<Native> {
  readonly emits: readonly OutcomeList[];
  readonly handle: (event: EventEnvelope, context: Context<Native>) => unknown;
}

interface ReactionBase<Native> extends Named {
  /** Unique within the service. `storedName` of it is part of the inbox key. */
  readonly name: string;
  readonly hears: readonly EventContract[];
  /** Success outcomes; without a declaration the silent one alone. */
  readonly emits: readonly OutcomeList[];
  readonly fails: readonly OutcomeList[];
  readonly firstOf: Named | undefined;
  readonly late: LateDeclaration<Native> | undefined;
  readonly max: number | undefined;
  readonly onParked: OnParkedDeclaration | undefined;
  /** Findings that are accepted here: code, and the reason. */
  readonly suppress: Readonly<Record<string, string>>;
}

/** A reaction to one event, or to any one of several. */
export interface StepDeclaration<Native> extends ReactionBase<Native> {
  readonly kind: "step";
  /** It reads or replies only, so it has no effect to undo. */
  readonly readonly: boolean;
  /** The declared name of its effect; undefined for the stem of the event. */
  readonly effect: Named | undefined;
  /** Tells apart several effects of the same name in one saga. */
  readonly key: ((event: EventEnvelope) => string) | undefined;
  readonly handle: (event: EventEnvelope, context: Context<Native>) => unknown;
}

/** A reaction that reverses an effect of its service. */
export interface UndoDeclaration<Native> extends ReactionBase<Native> {
  readonly kind: "undo";
  /** The name of the effect that it reverses. */
  readonly effect: string;
  /** Finds the effect of one key; `all` for those of all keys. */
  readonly key: ((event: EventEnvelope) => string) | "all" | undefined;
  /** Makes the acknowledgement when there is nothing to undo; undefined if it is silent then. */
  readonly acknowledge: ((event: EventEnvelope) => Fact) | undefined;
  readonly handle: (event: EventEnvelope, context: Context<Native>) => unknown;
}

/** A reaction to several events of one saga. */
export interface JoinDeclaration<Native> extends ReactionBase<Native> {
  readonly kind: "join";
  readonly readonly: boolean;
  /** The declared name of its effect; undefined for the stem of the event. */
  readonly effect: Named | undefined;
  /** The events of `hears` for which it does not wait. */
  readonly optional: readonly EventContract[];
  /** Takes one event for each of `hears`, in that order; undefined for one that has not come. */
  readonly handle: (
    events: readonly (EventEnvelope | undefined)[],
    context: Context<Native>,
  ) => unknown;
}

/** An event that the service emits when another one is late. */
export interface DeadlineDeclaration<Native> extends Named {
  readonly kind: "deadline";
  readonly armedBy: EventContract;
  readonly unless: readonly EventContract[];
  readonly afterMs: number;
  readonly emits: EventContract;
  readonly onParked: OnParkedDeclaration | undefined;
  readonly suppress: Readonly<Record<string, string>>;
  readonly handle: (event: EventEnvelope, context: Context<Native>) => unknown;
}

/** Any reaction of a service. */
export type ReactionDeclaration<Native> =
  | StepDeclaration<Native>
  | UndoDeclaration<Native>
  | JoinDeclaration<Native>;

/** Everything that a service has declared. The runtime executes it; every tool reads it. */
export interface ServiceDeclaration<Native> {
  readonly name: string;
  readonly begins: readonly EventContract[];
  readonly reactions: readonly ReactionDeclaration<Native>[];
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
  /** Prepares the service's own tables, in one transaction, before each start. */
  readonly setup?: (tx: Native) => unknown;
  /** Whether the checker explores that the service parks a delivery. */
  readonly mayPark: boolean;
  /** What the service has given up on purpose, though rows of it may be left: with the reason. */
  readonly retired: Readonly<Record<string, string>>;
  /** Findings that are accepted here: code, and the reason. */
  readonly suppress: Readonly<Record<string, string>>;
}
