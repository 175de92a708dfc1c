import type { Choreography } from "../choreography/choreography.ts";
import type {
  DeadlineDeclaration,
  OutcomeList,
  ReactionDeclaration,
} from "../choreography/declaration.ts";
import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import { typesHeard, typesPublished, versionsOf } from "../contract/lineage.ts";
import { defaultDeadlineName, defaultName, type Named } from "../contract/names.ts";
import {
  type DeadlineEntry,
  type EventEntry,
  type JsonSchema,
  type Lineage,
  type Manifest,
  type ReactionEntry,
  type ServiceEntry,
  SILENT,
} from "./manifest.ts";
import { schemaMismatches } from "./subschema.ts";

type AnyService = Service<never, EventContract>;
type Contracts = readonly EventContract[];

/**
 * Returns the manifest of a choreography that is declared in code.
 *
 * @example
 * ```ts
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const manifest = manifestOf(order);
 * console.log([...manifest.services.keys()]);
 * ```
 */
export function manifestOf(choreography: Choreography<never>): Manifest {
  const {
    name,
    services,
    begins,
    succeeds,
    fails,
    external,
    arrives,
    pivots,
    undoOrder,
    oneOf,
    locks,
    suppress,
  } = choreography;
  return {
    ...manifestOfServices(name, services),
    begins: types(begins),
    succeeds: types(succeeds),
    fails: types(fails),
    external: types(external),
    arrives: types(arrives),
    pivots: types(pivots),
    undoOrder: undoOrder.map(([first, second]) => [first.type, second.type]),
    oneOf: oneOf.map(types),
    locks: locks.map((lock) => ({
      name: lock.name,
      acquire: lock.acquire.type,
      release: types(lock.release),
    })),
    suppress: new Map(Object.entries(suppress)),
  };
}

/**
 * Returns the manifest of services without a choreography, such as those of one repository. It has
 * beginnings and no ends; another manifest adds them by merging.
 *
 * @example
 * ```ts
 * import { manifestOfServices } from "odori/manifest";
 * import { payment } from "./services.ts";
 *
 * const manifest = manifestOfServices("order", [payment]);
 * ```
 */
export function manifestOfServices(name: string, services: readonly AnyService[]): Manifest {
  const uses = services.map((service) => ({ service, ...contractsByUse(service.declaration) }));
  const emitted = uses.flatMap((use) => use.emitted.flatMap(versionsOf));
  const heard = uses.flatMap((use) => use.heard.flatMap(versionsOf));
  // What the emitter says of an event comes before what its consumers need of it.
  const events = new Map([
    ...heard.map((contract) => [contract.type, toEvent(contract, neededSchema)] as const),
    ...emitted.map((contract) => [contract.type, toEvent(contract, promisedSchema)] as const),
  ]);
  return {
    name,
    begins: types(services.flatMap(({ declaration }) => declaration.begins)),
    succeeds: [],
    fails: [],
    external: [],
    arrives: [],
    pivots: [],
    undoOrder: [],
    oneOf: [],
    locks: [],
    events,
    services: new Map(services.map((service) => [service.name, toService(service)])),
    suppress: new Map(),
    views: new Map(
      uses.map(({ service, heard }) => [service.name, viewOf(heard.flatMap(versionsOf), events)]),
    ),
  };
}

function types(contracts: Contracts): readonly string[] {
  return [...new Set(contracts.map(({ type }) => type))];
}

function contractsByUse({ begins, reactions, deadlines }: AnyService["declaration"]) {
  const heard = [
    ...reactions.flatMap(({ hears }) => hears),
    ...deadlines.flatMap(({ armedBy, unless }) => [armedBy, ...unless]),
  ];
  const emitted = [
    ...begins,
    ...reactions.flatMap(({ emits, fails, late, onParked }) => [
      ...emits.flat(),
      ...fails.flat(),
      ...(late?.emits.flat() ?? []),
      ...(onParked === undefined ? [] : [onParked.emits]),
    ]),
    ...deadlines.flatMap(({ emits, onParked }) =>
      onParked === undefined ? [emits] : [emits, onParked.emits],
    ),
  ];
  return { heard, emitted };
}

/** The older versions of each contract that has some. */
function lineage(
  contracts: Contracts,
  typesOf: (contract: EventContract) => readonly string[],
): Lineage {
  const all = contracts.map((contract) => [contract.type, typesOf(contract).slice(1)] as const);
  return new Map(all.filter(([, older]) => older.length > 0));
}

type SchemaOf = (contract: EventContract) => JsonSchema | undefined;

/** What a consumer needs of a payload: what its contract accepts. */
const neededSchema: SchemaOf = (contract) => contract.toJsonSchema("input");

/**
 * What an emitter promises of a payload. Where the schema accepts its own yield, that travels, with
 * fields that the input may lack. Otherwise the input travels.
 */
const promisedSchema: SchemaOf = (contract) => {
  const [input, output] = [contract.toJsonSchema("input"), contract.toJsonSchema("output")];
  if (input === undefined || output === undefined) return input;
  return schemaMismatches(output, input).length === 0 ? output : input;
};

/** What a service needs of the events that it hears, where that is not what the events say. */
function viewOf(
  heard: Contracts,
  events: ReadonlyMap<string, EventEntry>,
): ReadonlyMap<string, JsonSchema> {
  const view = new Map<string, JsonSchema>();
  for (const contract of heard) {
    const [needed, said] = [neededSchema(contract), events.get(contract.type)?.schema];
    if (needed !== undefined && JSON.stringify(needed) !== JSON.stringify(said))
      view.set(contract.type, needed);
  }
  return view;
}

function toEvent(contract: EventContract, schemaOf: SchemaOf): EventEntry {
  const { summary, sensitive, suppress } = contract;
  return {
    summary,
    sensitive,
    schema: schemaOf(contract),
    suppress: new Map(Object.entries(suppress)),
  };
}

function toService({ declaration }: AnyService): ServiceEntry {
  const { name, begins, reactions, deadlines, mayPark, suppress } = declaration;
  const { heard, emitted } = contractsByUse(declaration);
  return {
    name,
    begins: types(begins),
    reactions: reactions.map(toReaction),
    deadlines: deadlines.map(toDeadline),
    alsoHears: lineage(heard, typesHeard),
    alsoEmits: lineage(emitted, typesPublished),
    // The runtime provides both.
    inbox: true,
    fence: true,
    mayPark,
    unlinked: false,
    retired: new Map(Object.entries(declaration.retired)),
    suppress: new Map(Object.entries(suppress)),
  };
}

function toReaction(reaction: ReactionDeclaration<never>): ReactionEntry {
  const { kind, firstOf, max, late, onParked } = reaction;
  const undoes = reaction.kind === "undo" ? reaction.effect : undefined;
  const effect: Named | undefined = reaction.kind === "undo" ? undefined : reaction.effect;
  const hears = reaction.hears.map(({ type }) => type);
  return {
    kind,
    name: reaction.name === defaultName({ kind, hears, undoes }) ? undefined : reaction.name,
    was: reaction.was,
    hears,
    optional: reaction.kind === "join" ? types(reaction.optional) : [],
    effect: effect?.name,
    effectWas: effect?.was ?? [],
    undoes,
    emits: outcomes(reaction.emits),
    fails: outcomes(reaction.fails),
    once: firstOf?.name,
    onceWas: firstOf?.was ?? [],
    max,
    late: late === undefined ? SILENT : outcomes(late.emits),
    onParked: onParked?.emits.type,
    readonly: reaction.kind !== "undo" && reaction.readonly,
    keyed: keyedOf(reaction),
    onEmpty:
      reaction.kind === "undo" &&
      reaction.acknowledge === undefined &&
      reaction.emits[0]?.length !== 0
        ? "silent"
        : "ack",
    suppress: new Map(Object.entries(reaction.suppress)),
  };
}

function keyedOf(reaction: ReactionDeclaration<never>): ReactionEntry["keyed"] {
  if (reaction.kind === "join") return false;
  return reaction.key === "all" ? "all" : reaction.key !== undefined;
}

function outcomes(lists: readonly OutcomeList[]) {
  return lists.map((list) => list.map(({ type }) => type));
}

function toDeadline(deadline: DeadlineDeclaration<never>): DeadlineEntry {
  const { name, was, armedBy, unless, afterMs, emits, onParked } = deadline;
  return {
    name: name === defaultDeadlineName(emits.type) ? undefined : name,
    was,
    after: armedBy.type,
    unless: unless.map(({ type }) => type),
    withinMs: afterMs,
    emits: emits.type,
    onParked: onParked?.emits.type,
    suppress: new Map(Object.entries(deadline.suppress)),
  };
}
