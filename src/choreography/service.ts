import type { EnvelopeOf, EventContract } from "../contract/event.ts";
import { checkServiceName } from "../contract/grammar.ts";
import type { ReactionDeclaration, ServiceDeclaration } from "./declaration.ts";
import { declareDeadline, declareJoin, declareStep, declareUndo } from "./declare.ts";
import type { Outcome, Returned } from "./outcome.ts";
import { checkBegins, checkDeadline, checkReaction } from "./validate.ts";
import type { DeadlineOptions, Join, OnEmpty, Step, Undo } from "./verbs.ts";

type Contracts = readonly EventContract[];
type Outcomes = readonly Outcome[];
type None = readonly [];

export interface ServiceOptions<Native> {
  /**
   * Prepares the service's own tables. Runs in one transaction each time before the service starts,
   * so it must bear repetition.
   */
  readonly setup?: (tx: Native) => unknown;
  /** Lets `odori check` explore that the service gives up on any delivery. */
  readonly mayPark?: boolean;
  /** Findings of `odori check` that are accepted for this service: code, and the reason. */
  readonly suppress?: Readonly<Record<string, string>>;
}

/**
 * One participant. Each verb returns a new service; nothing runs until `start()`.
 * A verb that contradicts what was declared before throws at once, with `DECLARATION_INVALID`,
 * `UNKNOWN_EFFECT` or `REACTION_NAME_TAKEN`.
 *
 * `Native` is the transaction that handlers write through, such as `Sql` of `odori/sqlite`.
 */
export class Service<Native, Begins extends EventContract = never> {
  readonly declaration: ServiceDeclaration<Native>;
  /** The events with which it begins sagas. */
  readonly beginnings: readonly Begins[];

  constructor(
    declaration: Omit<ServiceDeclaration<Native>, "begins">,
    beginnings: readonly Begins[],
  ) {
    this.declaration = { ...declaration, begins: beginnings };
    this.beginnings = beginnings;
  }

  get name(): string {
    return this.declaration.name;
  }

  /** The service starts sagas with this event; having begun one is an effect that it can undo. */
  begins<Begun extends EventContract>(contract: Begun): Service<Native, Begins | Begun> {
    checkBegins(this.declaration, contract);
    return new Service<Native, Begins | Begun>(this.declaration, [...this.beginnings, contract]);
  }

  /** What the service does when it hears an event, or any one of several. */
  on<
    const Heard extends EventContract | Contracts,
    const Emits extends Outcomes = None,
    const Fails extends Outcomes = None,
    const Result extends Returned<Emits, Fails> = Returned<Emits, Fails>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
  >(
    heard: Heard,
    step: Step<Native, HeardEnvelope<Heard>, Emits, Fails, Result, LateEmits, LateResult, Parked>,
  ): Service<Native, Begins> {
    return this.#with(declareStep(typeof heard === "object" ? heard : [heard], step));
  }

  /** What the service does once it has heard all of several events of one saga. */
  onAll<
    const Events extends Contracts,
    const Emits extends Outcomes = None,
    const Fails extends Outcomes = None,
    const Result extends Returned<Emits, Fails> = Returned<Emits, Fails>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
  >(
    events: Events,
    join: Join<Native, Events, Emits, Fails, Result, LateEmits, LateResult, Parked>,
  ): Service<Native, Begins> {
    return this.#with(declareJoin(events, join));
  }

  /**
   * How the service reverses an effect of its own, declared before: an event that it emits when it
   * succeeds, or with which it begins a saga.
   */
  undo<
    const On extends Contracts,
    const Emits extends Outcomes = None,
    const Result extends Returned<Emits> = Returned<Emits>,
    const LateEmits extends Outcomes = None,
    const LateResult extends Returned<LateEmits> = Returned<LateEmits>,
    Parked extends EventContract = never,
  >(
    effect: EventContract,
    undo: Undo<Native, On, Emits, Result, LateEmits, LateResult, Parked> & OnEmpty<On, Emits>,
  ): Service<Native, Begins> {
    return this.#with(declareUndo(effect, undo));
  }

  /** What the service emits when it has waited too long. */
  deadline<Armed extends EventContract, Emits extends EventContract>(
    armedBy: Armed,
    deadline: DeadlineOptions<Native, Armed, Emits>,
  ): Service<Native, Begins> {
    const declared = declareDeadline<Native>(armedBy, deadline);
    checkDeadline(this.declaration, declared);
    return new Service(
      { ...this.declaration, deadlines: [...this.declaration.deadlines, declared] },
      this.beginnings,
    );
  }

  #with(reaction: ReactionDeclaration<Native>): Service<Native, Begins> {
    checkReaction(this.declaration, reaction);
    return new Service(
      { ...this.declaration, reactions: [...this.declaration.reactions, reaction] },
      this.beginnings,
    );
  }
}

type HeardEnvelope<Heard> = Heard extends EventContract
  ? EnvelopeOf<Heard>
  : Heard extends Contracts
    ? EnvelopeOf<Heard[number]>
    : never;

/**
 * Declares a service: `service<Sql>("payment")`. Its name is its consumer group and, as a rule, the
 * domain of its events.
 */
export function service<Native = unknown>(
  name: string,
  options: ServiceOptions<Native> = {},
): Service<Native> {
  checkServiceName(name);
  const { setup = () => {}, mayPark = false, suppress = {} } = options;
  return new Service<Native>({ name, reactions: [], deadlines: [], setup, mayPark, suppress }, []);
}

/** Whether something from outside the type system, such as a module's export, is a service. */
export function isService(value: unknown): value is Service<unknown, EventContract> {
  return (
    typeof value === "object" &&
    value !== null &&
    "declaration" in value &&
    "beginnings" in value &&
    "name" in value
  );
}
