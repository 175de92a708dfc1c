import { noteCallSite } from "../contract/call-site.ts";
import { type EnvelopeOf, type EventContract, isContract } from "../contract/event.ts";
import { checkServiceName } from "../contract/grammar.ts";
import type { ReactionDeclaration, ServiceDeclaration } from "./declaration.ts";
import { declareDeadline, declareJoin, declareStep, declareUndo } from "./declare.ts";
import { effectOfEvent } from "./effects.ts";
import type { Outcome, Returned } from "./outcome.ts";
import { checkBegins, checkDeadline, checkReaction } from "./validate.ts";
import type { DeadlineOptions, Join, OnEmpty, Step, Undo } from "./verbs.ts";

type Contracts = readonly EventContract[];
type Outcomes = readonly Outcome[];
type None = readonly [];

/** Options of a service. */
export interface ServiceOptions<Native> {
  /**
   * Prepares the service's own tables. It runs in one transaction before each start, so it must be
   * repeatable.
   * @default does nothing
   */
  readonly setup?: (tx: Native) => unknown;
  /**
   * Whether `odori check` explores that the service parks any delivery.
   * @default false
   */
  readonly mayPark?: boolean;
  /**
   * Parts that the service has given up on purpose, though the database may still have rows of
   * them: what `DEPLOYMENT_HAZARD` names, and the reason. Armed deadlines and retries of a retired
   * part are dropped.
   * @default {}
   */
  readonly retired?: Readonly<Record<string, string>>;
  /**
   * Findings of `odori check` that this service accepts: code, and the reason.
   * @default {}
   */
  readonly suppress?: Readonly<Record<string, string>>;
}

/**
 * One participant of a choreography. Each verb returns a new service; nothing runs until `start()`.
 * A verb that contradicts an earlier one throws at once: `DECLARATION_INVALID`, `UNKNOWN_EFFECT` or
 * `REACTION_NAME_TAKEN`.
 *
 * `Native` is the transaction that handlers write through, such as `Sql` of `odori/sqlite`.
 *
 * @example
 * ```ts
 * import { service } from "odori";
 * import type { Sql } from "odori/sqlite";
 * import { orderPlaced, paymentAuthorized, paymentRefunded, stockMissing } from "./contracts.ts";
 *
 * const payment = service<Sql>("payment")
 *   .on(orderPlaced, {
 *     emits: [paymentAuthorized],
 *     handle({ data }, { tx, uuid }) {
 *       const paymentId = uuid();
 *       tx.run("INSERT INTO charges VALUES (?, ?)", paymentId, data.orderId);
 *       return paymentAuthorized({ orderId: data.orderId, paymentId });
 *     },
 *   })
 *   .undo(paymentAuthorized, {
 *     on: [stockMissing],
 *     emits: [paymentRefunded],
 *     handle({ data }, { tx }) {
 *       tx.run("DELETE FROM charges WHERE order_id = ?", data.orderId);
 *       return paymentRefunded({ orderId: data.orderId });
 *     },
 *   });
 * ```
 */
export class Service<
  Native,
  Begins extends EventContract = never,
  Hears extends EventContract = EventContract,
> {
  readonly declaration: ServiceDeclaration<Native>;
  /** The events with which it begins sagas. */
  readonly beginnings: readonly Begins[];
  /** The events that it hears, be it only to arm a deadline or to call one off. */
  readonly heard: readonly Hears[];

  constructor(
    declaration: Omit<ServiceDeclaration<Native>, "begins">,
    beginnings: readonly Begins[],
    heard: readonly Hears[],
  ) {
    this.declaration = { ...declaration, begins: beginnings };
    this.beginnings = beginnings;
    this.heard = heard;
  }

  /** The name: the consumer group, and as a rule the domain of its events. */
  get name(): string {
    return this.declaration.name;
  }

  /**
   * Declares that the service begins sagas with this event. A beginning is an effect that the
   * service can undo.
   *
   * @example
   * ```ts
   * import { service } from "odori";
   * import { orderPlaced } from "./contracts.ts";
   *
   * const order = service("order").begins(orderPlaced);
   * ```
   */
  begins<Begun extends EventContract>(contract: Begun): Service<Native, Begins | Begun, Hears> {
    checkBegins(this.declaration, contract);
    const beginnings = [...this.beginnings, contract];
    return new Service<Native, Begins | Begun, Hears>(this.declaration, beginnings, this.heard);
  }

  /**
   * Declares the reaction to an event, or to any one of several: one local transaction, then one of
   * the declared outcomes.
   *
   * @example
   * ```ts
   * import { service } from "odori";
   * import { orderPlaced, paymentAuthorized, paymentDeclined } from "./contracts.ts";
   *
   * service("payment").on(orderPlaced, {
   *   emits: [paymentAuthorized],
   *   fails: [paymentDeclined],
   *   handle: ({ data }) =>
   *     data.amount > 1_000
   *       ? paymentDeclined({ orderId: data.orderId })
   *       : paymentAuthorized({ orderId: data.orderId, paymentId: "p-1" }),
   * });
   * ```
   */
  on<
    Heard extends EventContract,
    const Emits extends Outcomes = None,
    const Fails extends Outcomes = None,
    const Result extends Returned<Emits, Fails> = Returned<Emits, Fails>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
  >(
    heard: Heard | readonly Heard[],
    step: Step<Native, EnvelopeOf<Heard>, Emits, Fails, Result, LateEmits, LateResult, Parked>,
  ): Service<Native, Begins, Hears | Heard> {
    const contracts = typeof heard === "object" ? heard : [heard];
    return this.#with(noteCallSite(declareStep(contracts, step), this.on), contracts);
  }

  /**
   * Declares a join: the reaction to several events of one saga. It runs once, when all of them
   * have arrived, in any order.
   *
   * @example
   * ```ts
   * import { service } from "odori";
   * import { paymentAuthorized, shippingRequested, stockReserved } from "./contracts.ts";
   *
   * service("shipping").onAll([paymentAuthorized, stockReserved], {
   *   name: "paid and reserved",
   *   emits: [shippingRequested],
   *   handle: ([payment]) => shippingRequested({ orderId: payment.data.orderId }),
   * });
   * ```
   */
  onAll<
    const Events extends Contracts,
    const Emits extends Outcomes = None,
    const Fails extends Outcomes = None,
    const Result extends Returned<Emits, Fails> = Returned<Emits, Fails>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
    const Optional extends readonly Events[number][] = None,
  >(
    events: Events,
    join: Join<Native, Events, Emits, Fails, Result, LateEmits, LateResult, Parked, Optional>,
  ): Service<Native, Begins, Hears | Events[number]> {
    return this.#with(noteCallSite(declareJoin(events, join), this.onAll), events);
  }

  /**
   * Declares how the service reverses an effect of its own, which must be declared before: the name
   * of an effect, or an event that it emits on success or with which it begins a saga.
   *
   * The fence runs an undo only if its effect exists. Without it the effect is barred, and
   * `onEmpty` decides what is emitted.
   *
   * @example
   * ```ts
   * import { service } from "odori";
   * import { orderPlaced, paymentAuthorized, paymentRefunded, stockMissing } from "./contracts.ts";
   *
   * service("payment")
   *   .on(orderPlaced, {
   *     emits: [paymentAuthorized],
   *     handle: ({ data }) => paymentAuthorized({ orderId: data.orderId, paymentId: "p-1" }),
   *   })
   *   .undo(paymentAuthorized, {
   *     on: [stockMissing],
   *     emits: [paymentRefunded],
   *     handle: ({ data }) => paymentRefunded({ orderId: data.orderId }),
   *   });
   * ```
   */
  undo<
    const On extends Contracts,
    const Emits extends Outcomes = None,
    const Result extends Returned<Emits> = Returned<Emits>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
  >(
    effect: EventContract | string,
    undo: Undo<Native, On, Emits, Result, LateEmits, LateResult, Parked> & OnEmpty<On, Emits>,
  ): Service<Native, Begins, Hears | On[number]> {
    const name = isContract(effect) ? effectOfEvent(this.declaration, effect.type) : effect;
    return this.#with(noteCallSite(declareUndo(String(name), undo), this.undo), undo.on);
  }

  /**
   * Declares the event that the service emits when it has waited `after` for one of `unless`. The
   * deadline is armed when the service hears or emits `armedBy`, and is kept in its database.
   *
   * @example
   * ```ts
   * import { service } from "odori";
   * import { orderExpired, orderPlaced, paymentAuthorized } from "./contracts.ts";
   *
   * service("order").begins(orderPlaced).deadline(orderPlaced, {
   *   after: "15m",
   *   unless: [paymentAuthorized],
   *   emits: [orderExpired],
   * });
   * ```
   */
  deadline<
    Armed extends EventContract,
    Emits extends EventContract,
    Unless extends EventContract = never,
    Parked extends EventContract = never,
  >(
    armedBy: Armed,
    deadline: DeadlineOptions<Native, Armed, Emits, Unless, Parked>,
  ): Service<Native, Begins, Hears | Armed | Unless> {
    const declared = noteCallSite(declareDeadline<Native>(armedBy, deadline), this.deadline);
    checkDeadline(this.declaration, declared);
    const deadlines = [...this.declaration.deadlines, declared];
    const heard = [...this.heard, armedBy, ...deadline.unless];
    return new Service({ ...this.declaration, deadlines }, this.beginnings, heard);
  }

  #with<Heard extends EventContract>(
    reaction: ReactionDeclaration<Native>,
    heard: readonly Heard[],
  ): Service<Native, Begins, Hears | Heard> {
    checkReaction(this.declaration, reaction);
    return new Service(
      { ...this.declaration, reactions: [...this.declaration.reactions, reaction] },
      this.beginnings,
      [...this.heard, ...heard],
    );
  }
}

/**
 * Declares a service. Its name is its consumer group and, as a rule, the domain of its events.
 * Throws `NAME_GRAMMAR`.
 *
 * @example
 * ```ts
 * import { service } from "odori";
 * import type { Sql } from "odori/sqlite";
 * import { orderPlaced } from "./contracts.ts";
 *
 * const order = service<Sql>("order", {
 *   setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY)"),
 * }).begins(orderPlaced);
 * ```
 */
export function service<Native = unknown>(
  name: string,
  options: ServiceOptions<Native> = {},
): Service<Native, never, never> {
  checkServiceName(name);
  const { setup, mayPark = false, retired = {}, suppress = {} } = options;
  const parts = { reactions: [], deadlines: [] };
  const prepares = setup !== undefined && { setup };
  const declaration = { name, ...parts, ...prepares, mayPark, retired, suppress };
  return new Service<Native, never, never>(declaration, [], []);
}

/** Tells whether a value from outside the type system, such as a module's export, is a service. */
export function isService(value: unknown): value is Service<unknown, EventContract> {
  return (
    typeof value === "object" &&
    value !== null &&
    "declaration" in value &&
    "beginnings" in value &&
    "name" in value
  );
}
