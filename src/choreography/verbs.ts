import type { Duration } from "../contract/duration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EnvelopeOf, EventContract, FactOf, InputOf } from "../contract/event.ts";
import type { Problem } from "../ports/deferred.ts";
import type { Context } from "./context.ts";
import type { FirstOf, MaybePromise, Outcome } from "./outcome.ts";

type Contracts = readonly EventContract[];
type Accepted = Readonly<Record<string, string>>;
type Outcomes = readonly Outcome[];

/**
 * A delivery that was given up on. Its payload has the contract's type only if it fitted the
 * contract.
 */
export type GivenUp<Event extends EventEnvelope> =
  | { readonly valid: true; readonly event: Event; readonly problem: Problem }
  | { readonly valid: false; readonly event: EventEnvelope; readonly problem: Problem };

export interface OnParked<Event extends EventEnvelope, Parked extends EventContract> {
  readonly emits: Parked;
  handle(delivery: GivenUp<Event>): NoInfer<FactOf<Parked>>;
}

/*
 * `Result` and `LateResult` stand for what a handler returns. They are type parameters bounded by
 * the declared outcomes, and not the outcomes themselves, so that the compiler takes `[a(…), b(…)]`
 * for a pair and not for a list.
 */
interface Late<Native, Event extends EventEnvelope, Emits extends Outcomes, Result> {
  readonly emits?: Emits;
  handle(event: Event, context: Context<Native>): MaybePromise<Result>;
}

interface Common<
  Native,
  Event extends EventEnvelope,
  LateEmits extends Outcomes,
  LateResult,
  Parked extends EventContract,
> {
  /** Part of the inbox key. Needed only where two reactions would have the same name. */
  readonly name?: string;
  /**
   * The first reaction of the service that carries this name wins for the saga; a later one takes
   * its `late` outcome.
   */
  readonly firstOf?: string;
  /** What happens instead when `firstOf` is taken or `max` reached; without it, nothing does. */
  readonly late?: Late<Native, Event, LateEmits, LateResult>;
  /** How often the reaction may run in one saga. */
  readonly max?: number;
  /** What to emit when a delivery is given up on, so that the saga does not wait for a person. */
  readonly onParked?: OnParked<Event, Parked>;
  /** Findings of `odori check` that are accepted for this reaction: code, and the reason. */
  readonly suppress?: Accepted;
}

/** `.on(event, …)`: one local transaction, then one of the declared outcomes. */
export interface Step<
  Native,
  Event extends EventEnvelope,
  Emits extends Outcomes,
  Fails extends Outcomes,
  Result,
  LateEmits extends Outcomes,
  LateResult,
  Parked extends EventContract,
> extends Common<Native, Event, LateEmits, LateResult, Parked> {
  /** Success outcomes: an effect exists afterwards. */
  readonly emits?: Emits;
  /** Failure outcomes: nothing was done. */
  readonly fails?: Fails;
  readonly readonly?: boolean;
  readonly key?: (event: Event) => string;
  handle(event: Event, context: Context<Native>): MaybePromise<Result>;
}

/** `.undo(effect, …)`: reverses the effect, if there is one. */
export interface Undo<
  Native,
  On extends Contracts,
  Emits extends Outcomes,
  Result,
  LateEmits extends Outcomes,
  LateResult,
  Parked extends EventContract,
> extends Common<Native, EnvelopeOf<On[number]>, LateEmits, LateResult, Parked> {
  /** What makes the service undo, whichever of these comes. */
  readonly on: On;
  readonly emits?: Emits;
  readonly key?: (event: EnvelopeOf<On[number]>) => string;
  handle(event: EnvelopeOf<On[number]>, context: Context<Native>): MaybePromise<Result>;
}

type Acknowledge<On extends Contracts, Emits extends Outcomes> =
  | "silent"
  | ((event: EnvelopeOf<On[number]>) => NoInfer<FactOf<FirstOf<Emits>>>);

/**
 * What is emitted when there is nothing to undo. By default the undo's first event, with the
 * payload of the event that was heard; where that payload does not fit, the contract's maker must
 * be given, or `"silent"`.
 */
export type OnEmpty<On extends Contracts, Emits extends Outcomes> = Emits extends readonly []
  ? { readonly onEmpty?: "silent" }
  : [EnvelopeOf<On[number]>["data"]] extends [InputOf<FirstOf<Emits>>]
    ? { readonly onEmpty?: "ack" | Acknowledge<On, Emits> }
    : { readonly onEmpty: Acknowledge<On, Emits> };

type EnvelopesOf<Events extends Contracts> = {
  readonly [K in keyof Events]: EnvelopeOf<Events[K]>;
};

/** `.onAll([a, b], …)`: runs once when all of the events have arrived, in whatever order. */
export interface Join<
  Native,
  Events extends Contracts,
  Emits extends Outcomes,
  Fails extends Outcomes,
  Result,
  LateEmits extends Outcomes,
  LateResult,
  Parked extends EventContract,
> extends Common<Native, EnvelopeOf<Events[number]>, LateEmits, LateResult, Parked> {
  readonly emits?: Emits;
  readonly fails?: Fails;
  readonly readonly?: boolean;
  handle(events: EnvelopesOf<Events>, context: Context<Native>): MaybePromise<Result>;
}

/**
 * `.deadline(event, …)`: emits when none of `unless` was heard or emitted within `after`. Armed
 * when the service hears or emits `event`.
 */
export interface Deadline<Native, Armed extends EventContract, Emits extends EventContract> {
  readonly name?: string;
  readonly after: Duration;
  readonly unless: Contracts;
  readonly emits: readonly [Emits];
  readonly suppress?: Accepted;
  handle(event: EnvelopeOf<Armed>, context: Context<Native>): MaybePromise<NoInfer<FactOf<Emits>>>;
}

/**
 * A deadline without `handle` emits its event with the payload of the event that armed it, where
 * that fits.
 */
export type DeadlineOptions<Native, Armed extends EventContract, Emits extends EventContract> = [
  EnvelopeOf<Armed>["data"],
] extends [InputOf<Emits>]
  ? Omit<Deadline<Native, Armed, Emits>, "handle"> &
      Partial<Pick<Deadline<Native, Armed, Emits>, "handle">>
  : Deadline<Native, Armed, Emits>;
