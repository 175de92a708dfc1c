import type {
  DeadlineDeclaration,
  OutcomeList,
  ReactionDeclaration,
  ServiceDeclaration,
} from "../choreography/declaration.ts";
import {
  declaredEffects,
  declaredFirstOfs,
  effectsOfReaction,
  storedAmong,
} from "../choreography/effects.ts";
import { outcomeKey } from "../choreography/validate.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";
import { stemOf } from "../contract/grammar.ts";
import { typesHeard, versionsOf } from "../contract/lineage.ts";
import { effectMark, markOf, parseMark, storedName } from "../contract/names.ts";

/** What returning certain facts means. */
export interface OutcomePlan {
  readonly failure: boolean;
  readonly effect: string | undefined;
}

/** A reaction, with everything looked up that can be known before a delivery comes. */
export interface ReactionPlan<Native> {
  readonly reaction: ReactionDeclaration<Native>;
  /** The name under which its rows are kept. */
  readonly stored: string;
  /** By each type that it hears: the contract that reads it. */
  readonly contracts: ReadonlyMap<string, EventContract>;
  /** By the types of the facts, in order. */
  readonly outcomes: ReadonlyMap<string, OutcomePlan>;
  readonly lateOutcomes: ReadonlySet<string>;
  /**
   * Effects that bar the reaction when they exist; for an undo, the one effect that it reverses.
   */
  readonly effects: readonly string[];
  /** Of a join: the contracts that it waits for. */
  readonly awaited: readonly EventContract[];
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
  /** Of a keyed reaction: the marks without a key, where an undo of all keys leaves its trace. */
  readonly ofAllKeys: readonly string[];
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
  /** The types that the service may emit, or an older process of it. */
  readonly emitted: ReadonlySet<string>;
  /** The contracts whose facts are also published as older versions, by type. */
  readonly published: ReadonlyMap<string, EventContract>;
  readonly beginDeadlines: readonly DeadlineDeclaration<Native>[];
  /** Stored names of reactions and deadlines that were given up on purpose, with the reason. */
  readonly retired: ReadonlyMap<string, string>;
  /** The effects of the service by stored name, and whether each has a key. */
  readonly effects: ReadonlyMap<string, { readonly keyed: boolean }>;
}

export interface Hearers<Native> {
  readonly reactions: readonly ReactionPlan<Native>[];
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
}

/** By declaration: a simulation starts the same service many times. */
const plans = new WeakMap<object, object>();

/** Makes the plan of a service; the same one for the same declaration. */
export function planService<Native>(service: ServiceDeclaration<Native>): ServicePlan<Native> {
  const known = plans.get(service);
  if (isPlanOf(service, known)) return known;
  const plan = makePlan(service);
  plans.set(service, plan);
  return plan;
}

function isPlanOf<Native>(
  service: ServiceDeclaration<Native>,
  plan: object | undefined,
): plan is ServicePlan<Native> {
  return plan !== undefined && "service" in plan && plan.service === service;
}

function makePlan<Native>(service: ServiceDeclaration<Native>): ServicePlan<Native> {
  const reactions = service.reactions.map((reaction) => planReaction(service, reaction));
  const contracts = emittedBy(service);
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
    for (const type of plan.contracts.keys()) hearers(type).reactions.push(plan);
  for (const deadline of service.deadlines) {
    // Also what the service emits itself: it may come from elsewhere too.
    for (const type of [deadline.armedBy, ...deadline.unless].flatMap(typesHeard))
      hearers(type).deadlines.push(deadline);
  }
  return {
    service,
    source: `/${service.name}`,
    topics: [...heardBy.keys()],
    reactions: new Map(reactions.map((plan) => [plan.stored, plan])),
    deadlines: new Map(service.deadlines.map((deadline) => [storedName(deadline), deadline])),
    heardBy,
    emitted: emittedTypes(contracts),
    published: new Map(
      contracts
        .filter(({ downcast }) => downcast !== undefined)
        .map((contract) => [contract.type, contract]),
    ),
    beginDeadlines: touching(service, service.begins),
    retired: retiredParts(service),
    effects: knownEffects(service, reactions),
  };
}

/** A retired part stands under its name, or with the word for it in front. */
function retiredParts({ retired }: ServiceDeclaration<never>): ReadonlyMap<string, string> {
  const named = Object.entries(retired).flatMap(([key, reason]) => {
    const name = /^(?:deadline|reaction) (.+)$/.exec(key)?.[1];
    return name === undefined ? [] : [name, key].map((one) => [one, reason] as const);
  });
  return new Map(named);
}

/** Every effect of which a mark may be there on purpose. */
function knownEffects<Native>(
  service: ServiceDeclaration<Native>,
  reactions: readonly ReactionPlan<Native>[],
): ReadonlyMap<string, { readonly keyed: boolean }> {
  const begun = service.begins.map(({ type }) => [stemOf(type), { keyed: false }] as const);
  const done = reactions.flatMap(({ reaction, effects }) =>
    effects.map((effect) => {
      const keyed = reaction.kind !== "join" && reaction.key !== undefined;
      return [effect, { keyed }] as const;
    }),
  );
  return new Map([...begun, ...done]);
}

/**
 * Returns the marks of effects that are done in a saga and that this declaration does not know: of
 * another version of the service, or from before a change of keys.
 */
export function strangeEffects<Native>(
  { service, effects }: ServicePlan<Native>,
  marks: ReadonlyMap<string, string>,
): readonly string[] {
  return [...marks].flatMap(([mark, state]) => {
    const { kind, name, key } = parseMark(mark);
    if (kind !== "effect" || state !== "done") return [];
    if (effects.get(name)?.keyed === (key !== undefined)) return [];
    const accepted = [`effect ${name}`, `key ${name}`];
    return accepted.some((one) => Object.hasOwn(service.retired, one)) ? [] : [mark];
  });
}

function planReaction<Native>(
  service: ServiceDeclaration<Native>,
  reaction: ReactionDeclaration<Native>,
): ReactionPlan<Native> {
  const named = declaredEffects(service);
  const storedEffect = (name: string) => storedAmong(named, name);
  const effects = effectsOfReaction(service, reaction).map((name) => name && storedEffect(name));
  const stored = storedName(reaction);
  const { firstOf } = reaction;
  const outcomes = new Map<string, OutcomePlan>();
  for (const [index, outcome] of reaction.emits.entries())
    outcomes.set(outcomeKey(outcome), { failure: false, effect: effects[index] });
  for (const outcome of reaction.fails)
    outcomes.set(outcomeKey(outcome), { failure: true, effect: undefined });
  const own =
    reaction.kind === "undo"
      ? [storedEffect(reaction.effect)]
      : effects.filter((effect) => effect !== undefined);
  const plan = {
    reaction,
    stored,
    contracts: new Map(
      reaction.hears.flatMap((contract) =>
        typesHeard(contract).map((type) => [type, contract] as const),
      ),
    ),
    outcomes,
    lateOutcomes: new Set(reaction.late?.emits.map(outcomeKey) ?? [""]),
    effects: [...new Set(own)],
    awaited:
      reaction.kind === "join"
        ? reaction.hears.filter((contract) => !reaction.optional.includes(contract))
        : [],
    firstOfMark: firstOf && markOf("firstOf", storedAmong(declaredFirstOfs(service), firstOf.name)),
    maxMark: reaction.max === undefined ? undefined : markOf("max", stored),
    joinMark: reaction.kind === "join" ? markOf("join", stored) : undefined,
    deadlines: touching(service, possibleEmissions(reaction).flat()),
    names: undefined,
  };
  return keyOf(reaction) === undefined
    ? { ...plan, names: nameMarks(plan, plan.effects, []) }
    : plan;
}

/** The marks that a delivery depends on: by its key, where effects have one. */
export function markNames<Native>(plan: ReactionPlan<Native>, event: EventEnvelope): MarkNames {
  if (plan.names !== undefined) return plan.names;
  const key = keyOf(plan.reaction)?.(event);
  const effects = plan.effects.map((effect) => effectMark(effect, key));
  return nameMarks(plan, effects, plan.effects);
}

/** The function that finds a delivery's key; undefined where effects have none, or all count. */
function keyOf<Native>(reaction: ReactionDeclaration<Native>) {
  if (reaction.kind === "join" || reaction.key === "all") return undefined;
  return reaction.key;
}

function nameMarks<Native>(
  plan: Omit<ReactionPlan<Native>, "names">,
  effects: readonly string[],
  ofAllKeys: readonly string[],
): MarkNames {
  const { firstOfMark, maxMark, joinMark } = plan;
  return { effects, ofAllKeys, firstOf: firstOfMark, max: maxMark, join: joinMark };
}

export function deadlineMark<Native>(deadline: DeadlineDeclaration<Native>): string {
  return markOf("deadline", storedName(deadline));
}

function possibleEmissions<Native>(reaction: ReactionDeclaration<Native>): readonly OutcomeList[] {
  const parked = reaction.onParked === undefined ? [] : [[reaction.onParked.emits]];
  return [...reaction.emits, ...reaction.fails, ...(reaction.late?.emits ?? []), ...parked];
}

/** The events that a deadline may emit: when it fires, and when it is parked. */
function emittedAt<Native>({
  emits,
  onParked,
}: DeadlineDeclaration<Native>): readonly EventContract[] {
  return onParked === undefined ? [emits] : [emits, onParked.emits];
}

/** Every version counts: this service, or an older process of it, has emitted it itself. */
function emittedTypes(emitted: readonly EventContract[]): ReadonlySet<string> {
  return new Set(emitted.flatMap(versionsOf).map(({ type }) => type));
}

function emittedBy<Native>(service: ServiceDeclaration<Native>): readonly EventContract[] {
  return [
    ...service.begins,
    ...service.reactions.flatMap(possibleEmissions).flat(),
    ...service.deadlines.flatMap(emittedAt),
  ];
}

/** The deadlines that one of these events arms or calls off. */
export function touching<Native>(
  service: ServiceDeclaration<Native>,
  contracts: readonly EventContract[],
): readonly DeadlineDeclaration<Native>[] {
  const types = new Set(contracts.flatMap(versionsOf).map(({ type }) => type));
  return service.deadlines.filter(({ armedBy, unless }) =>
    [armedBy, ...unless].flatMap(typesHeard).some((type) => types.has(type)),
  );
}
