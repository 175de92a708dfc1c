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
 * A name in the service's database: of an effect, or of a `firstOf`. After a rename, `was` holds
 * the names that it had before, oldest first. The database keeps the oldest.
 *
 * @example
 * ```ts
 * import type { Name } from "odori";
 *
 * const charge: Name = { name: "charge", was: ["payment.authorized"] };
 * ```
 */
export type Name = string | { readonly name: string; readonly was: readonly string[] };

/**
 * A delivery that is parked, as `onParked` gets it. Its payload has the contract's type only if it
 * fits the contract.
 *
 * @example
 * ```ts
 * import { service } from "odori";
 * import { orderPlaced, paymentAuthorized, paymentDeclined } from "./contracts.ts";
 *
 * service("payment").on(orderPlaced, {
 *   emits: [paymentAuthorized],
 *   handle: ({ data }) => paymentAuthorized({ orderId: data.orderId, paymentId: "p-1" }),
 *   onParked: {
 *     emits: paymentDeclined,
 *     handle: ({ event }) => paymentDeclined({ orderId: event.sagaId }),
 *   },
 * });
 * ```
 */
export type GivenUp<Event extends EventEnvelope> =
  | { readonly valid: true; readonly event: Event; readonly problem: Problem }
  | { readonly valid: false; readonly event: EventEnvelope; readonly problem: Problem };

/** The event that is emitted when a delivery is parked. */
export interface OnParked<Event extends EventEnvelope, Parked extends EventContract> {
  readonly emits: Parked;
  handle(delivery: GivenUp<Event>): NoInfer<FactOf<Parked>>;
}

/*
 * `Result` and `LateResult` are the return types of handlers. They are type parameters bounded by
 * the declared outcomes, and not the outcomes themselves: so the compiler infers a pair from
 * `[a(…), b(…)]`, and not a list.
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
  /**
   * Part of the inbox key. Needed where a reaction hears several events, or where two reactions
   * would have the same name.
   * @default the event that it hears, without its version; of an undo, `undo` and its effect
   */
  readonly name?: string;
  /**
   * The names that it had before, oldest first. The inbox keeps the oldest.
   * @default []
   */
  readonly was?: readonly string[];
  /**
   * The first reaction of the service that carries this name wins for the saga; a later one takes
   * its `late` outcome.
   */
  readonly firstOf?: Name;
  /**
   * The outcome when `firstOf` is taken or `max` reached.
   * @default the silent outcome
   */
  readonly late?: Late<Native, Event, LateEmits, LateResult>;
  /**
   * How often the reaction may run in one saga, from 1.
   * @default no bound
   */
  readonly max?: number;
  /** The event that is emitted when a delivery is parked: the saga then waits for no person. */
  readonly onParked?: OnParked<Event, Parked>;
  /**
   * Findings of `odori check` that this reaction accepts: code, and the reason.
   * @default {}
   */
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
  /**
   * Success outcomes: an effect exists afterwards.
   * @default the silent outcome
   */
  readonly emits?: Emits;
  /**
   * Failure outcomes: no effect exists afterwards.
   * @default none
   */
  readonly fails?: Fails;
  /**
   * Whether the reaction has no effect to undo.
   * @default false
   */
  readonly readonly?: boolean;
  /**
   * The name of the effect, for `.undo(name, …)`.
   * @default the event that an undo names, else the first, without its version
   */
  readonly effect?: Name;
  /** Tells apart several effects of the same name in one saga. */
  readonly key?: (event: Event) => string;
  /** Runs in the delivery's transaction, and returns one of the declared outcomes. */
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
  /** Each of these makes the service undo; the first to come does. */
  readonly on: On;
  /** The outcomes of the undo. */
  readonly emits?: Emits;
  /**
   * Finds the effect of a step that has a `key`. `all` reverses the effects of all keys: the
   * handler runs once, if there are any, and no step of the saga does one of them afterwards.
   */
  readonly key?: ((event: EnvelopeOf<On[number]>) => string) | "all";
  handle(event: EnvelopeOf<On[number]>, context: Context<Native>): MaybePromise<Result>;
}

type Acknowledge<On extends Contracts, Emits extends Outcomes> =
  | "silent"
  | ((event: EnvelopeOf<On[number]>) => NoInfer<FactOf<FirstOf<Emits>>>);

/**
 * The reply when there is nothing to undo. By default it is the undo's first event, with the
 * payload of the event that was heard. Where that payload does not fit, give a function that makes
 * the event, or `"silent"`.
 */
export type OnEmpty<On extends Contracts, Emits extends Outcomes> = Emits extends readonly []
  ? { readonly onEmpty?: "silent" }
  : [EnvelopeOf<On[number]>["data"]] extends [InputOf<FirstOf<Emits>>]
    ? { readonly onEmpty?: "ack" | Acknowledge<On, Emits> }
    : { readonly onEmpty: Acknowledge<On, Emits> };

type EnvelopesOf<Events extends Contracts, Optional extends Contracts> = {
  readonly [K in keyof Events]: Events[K]["type"] extends Optional[number]["type"]
    ? EnvelopeOf<Events[K]> | undefined
    : EnvelopeOf<Events[K]>;
};

/** `.onAll([a, b], …)`: runs once when all of the events have arrived, in any order. */
export interface Join<
  Native,
  Events extends Contracts,
  Emits extends Outcomes,
  Fails extends Outcomes,
  Result,
  LateEmits extends Outcomes,
  LateResult,
  Parked extends EventContract,
  Optional extends Contracts = readonly [],
> extends Common<Native, EnvelopeOf<Events[number]>, LateEmits, LateResult, Parked> {
  /** Part of the inbox key. */
  readonly name: string;
  /**
   * Events for which the join does not wait: the handler gets those that came before it ran. Sagas
   * in flight may have seen a new event of a join pass, so it is optional at first.
   * @default []
   */
  readonly optional?: Optional;
  readonly emits?: Emits;
  readonly fails?: Fails;
  readonly readonly?: boolean;
  /**
   * The name of the effect, for `.undo(name, …)`.
   * @default the event that an undo names, else the first, without its version
   */
  readonly effect?: Name;
  handle(events: EnvelopesOf<Events, Optional>, context: Context<Native>): MaybePromise<Result>;
}

/**
 * `.deadline(event, …)`: emits when none of `unless` was heard or emitted within `after`. Armed
 * when the service hears or emits `event`.
 */
export interface Deadline<
  Native,
  Armed extends EventContract,
  Emits extends EventContract,
  Unless extends EventContract = EventContract,
  Parked extends EventContract = never,
> {
  /**
   * Part of the inbox key.
   * @default `deadline` and the event that it emits, without its version
   */
  readonly name?: string;
  /**
   * The names that it had before, oldest first. The inbox keeps the oldest.
   * @default []
   */
  readonly was?: readonly string[];
  /** How long the service waits. */
  readonly after: Duration;
  /** Each of these disarms the deadline. */
  readonly unless: readonly Unless[];
  readonly emits: readonly [Emits];
  /** The event that is emitted when the deadline is parked: the saga then waits for no person. */
  readonly onParked?: OnParked<EnvelopeOf<Armed>, Parked>;
  readonly suppress?: Accepted;
  handle(event: EnvelopeOf<Armed>, context: Context<Native>): MaybePromise<NoInfer<FactOf<Emits>>>;
}

/**
 * A deadline without `handle` emits its event with the payload of the event that armed it, where
 * that fits.
 */
export type DeadlineOptions<
  Native,
  Armed extends EventContract,
  Emits extends EventContract,
  Unless extends EventContract = EventContract,
  Parked extends EventContract = never,
> = [EnvelopeOf<Armed>["data"]] extends [InputOf<Emits>]
  ? Omit<Deadline<Native, Armed, Emits, Unless, Parked>, "handle"> &
      Partial<Pick<Deadline<Native, Armed, Emits, Unless, Parked>, "handle">>
  : Deadline<Native, Armed, Emits, Unless, Parked>;
