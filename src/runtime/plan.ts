import type {
  DeadlineDeclaration,
  OutcomeList,
  ReactionDeclaration,
  ServiceDeclaration,
} from "../choreography/declaration.ts";
import { effectsOfReaction } from "../choreography/effects.ts";
import { outcomeKey } from "../choreography/validate.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";

/** What returning certain facts means. */
export interface OutcomePlan {
  readonly failure: boolean;
  readonly effect: string | undefined;
}

/** A reaction, with everything looked up that can be known before a delivery comes. */
export interface ReactionPlan<Native> {
  readonly reaction: ReactionDeclaration<Native>;
  readonly contracts: ReadonlyMap<string, EventContract>;
  /** By the types of the facts, in order. */
  readonly outcomes: ReadonlyMap<string, OutcomePlan>;
  readonly lateOutcomes: ReadonlySet<string>;
  /**
   * Effects that bar the reaction when they exist; for an undo, the one effect that it reverses.
   */
  readonly effects: readonly string[];
  readonly firstOfMark: string | undefined;
  readonly maxMark: string | undefined;
  readonly joinMark: string | undefined;
  /** Deadlines that this reaction may arm or call off by what it emits. */
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
  /** Names of the marks that every delivery depends on; undefined where they depend on its key. */
  readonly names: MarkNames | undefined;
}

/** Names of the marks that a delivery depends on. */
export interface MarkNames {
  readonly effects: readonly string[];
  readonly firstOf: string | undefined;
  readonly max: string | undefined;
  readonly join: string | undefined;
}

/** A service, ready to run. */
export interface ServicePlan<Native> {
  readonly service: ServiceDeclaration<Native>;
  /** `/payment`: the `source` of its events. */
  readonly source: string;
  readonly topics: readonly string[];
  readonly reactions: ReadonlyMap<string, ReactionPlan<Native>>;
  readonly deadlines: ReadonlyMap<string, DeadlineDeclaration<Native>>;
  /** Who hears a type: reactions, and deadlines that it arms or calls off. */
  readonly heardBy: ReadonlyMap<string, Hearers<Native>>;
  readonly beginDeadlines: readonly DeadlineDeclaration<Native>[];
}

export interface Hearers<Native> {
  readonly reactions: readonly ReactionPlan<Native>[];
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
}

export function planService<Native>(service: ServiceDeclaration<Native>): ServicePlan<Native> {
  const reactions = service.reactions.map((reaction) => planReaction(service, reaction));
  const emitted = emittedTypes(service);
  const heardBy = new Map<
    string,
    { reactions: ReactionPlan<Native>[]; deadlines: DeadlineDeclaration<Native>[] }
  >();
  const hearers = (type: string) => {
    const known = heardBy.get(type) ?? { reactions: [], deadlines: [] };
    heardBy.set(type, known);
    return known;
  };
  for (const plan of reactions)
    for (const { type } of plan.reaction.hears) hearers(type).reactions.push(plan);
  for (const deadline of service.deadlines) {
    // What the service emits itself takes effect in the transaction that emits it; it need not come
    // back over the bus.
    for (const { type } of [deadline.armedBy, ...deadline.unless])
      if (!emitted.has(type)) hearers(type).deadlines.push(deadline);
  }
  return {
    service,
    source: `/${service.name}`,
    topics: [...heardBy.keys()],
    reactions: new Map(reactions.map((plan) => [plan.reaction.name, plan])),
    deadlines: new Map(service.deadlines.map((deadline) => [deadline.name, deadline])),
    heardBy,
    beginDeadlines: touching(service, service.begins),
  };
}

function planReaction<Native>(
  service: ServiceDeclaration<Native>,
  reaction: ReactionDeclaration<Native>,
): ReactionPlan<Native> {
  const effects = effectsOfReaction(service, reaction);
  const outcomes = new Map<string, OutcomePlan>();
  for (const [index, outcome] of reaction.emits.entries())
    outcomes.set(outcomeKey(outcome), { failure: false, effect: effects[index] });
  for (const outcome of reaction.fails)
    outcomes.set(outcomeKey(outcome), { failure: true, effect: undefined });
  const own =
    reaction.kind === "undo" ? [reaction.effect] : effects.filter((effect) => effect !== undefined);
  const plan = {
    reaction,
    contracts: new Map(reaction.hears.map((contract) => [contract.type, contract])),
    outcomes,
    lateOutcomes: new Set(reaction.late?.emits.map(outcomeKey) ?? [""]),
    effects: [...new Set(own)],
    firstOfMark: reaction.firstOf === undefined ? undefined : `once ${reaction.firstOf}`,
    maxMark: reaction.max === undefined ? undefined : `max ${reaction.name}`,
    joinMark: reaction.kind === "join" ? `fired ${reaction.name}` : undefined,
    deadlines: touching(service, possibleEmissions(reaction).flat()),
    names: undefined,
  };
  const keyed = reaction.kind !== "join" && reaction.key !== undefined;
  return keyed ? plan : { ...plan, names: nameMarks(plan, plan.effects) };
}

/** The marks that a delivery depends on: by its key, where effects have one. */
export function markNames<Native>(plan: ReactionPlan<Native>, event: EventEnvelope): MarkNames {
  return (
    plan.names ??
    nameMarks(
      plan,
      plan.effects.map((effect) => effectMark(plan.reaction, effect, event)),
    )
  );
}

function nameMarks<Native>(
  plan: Omit<ReactionPlan<Native>, "names">,
  effects: readonly string[],
): MarkNames {
  const { firstOfMark, maxMark, joinMark } = plan;
  return { effects, firstOf: firstOfMark, max: maxMark, join: joinMark };
}

/** Names the mark of an effect: `payment.authorized.v1`, or with its key behind it. */
function effectMark<Native>(
  reaction: ReactionDeclaration<Native>,
  effect: string,
  event: EventEnvelope,
): string {
  const key = reaction.kind === "join" ? undefined : reaction.key;
  return key === undefined ? effect : `${effect} ${key(event)}`;
}

export function deadlineMark<Native>(deadline: DeadlineDeclaration<Native>): string {
  return `timer ${deadline.name}`;
}

function possibleEmissions<Native>(reaction: ReactionDeclaration<Native>): readonly OutcomeList[] {
  const parked = reaction.onParked === undefined ? [] : [[reaction.onParked.emits]];
  return [...reaction.emits, ...reaction.fails, ...(reaction.late?.emits ?? []), ...parked];
}

function emittedTypes<Native>(service: ServiceDeclaration<Native>): ReadonlySet<string> {
  const contracts = [
    ...service.begins,
    ...service.reactions.flatMap(possibleEmissions).flat(),
    ...service.deadlines.map(({ emits }) => emits),
  ];
  return new Set(contracts.map(({ type }) => type));
}

/** The deadlines that one of these events arms or calls off. */
export function touching<Native>(
  service: ServiceDeclaration<Native>,
  contracts: readonly EventContract[],
): readonly DeadlineDeclaration<Native>[] {
  const types = new Set(contracts.map(({ type }) => type));
  return service.deadlines.filter(({ armedBy, unless }) =>
    [armedBy, ...unless].some(({ type }) => types.has(type)),
  );
}
