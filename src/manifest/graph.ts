import {
  type DeadlineEntry,
  type Lineage,
  type Manifest,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "./manifest.ts";

/** Names a reaction or a deadline, and the service that it belongs to. */
export interface Hearing {
  readonly service: ServiceEntry;
  readonly reaction: ReactionEntry | undefined;
  readonly deadline: DeadlineEntry | undefined;
}

/** Names a reaction, a deadline or a beginning that emits an event, and how. */
export interface Emitting extends Hearing {
  readonly how: "begins" | "emits" | "fails" | "late" | "parked" | "deadline";
}

/** Maps each event to its emitters and hearers. Pictures and rules about the flow read it. */
export interface FlowGraph {
  /** Every event that the manifest mentions, in order of first mention. */
  readonly types: readonly string[];
  readonly emitters: ReadonlyMap<string, readonly Emitting[]>;
  readonly hearers: ReadonlyMap<string, readonly Hearing[]>;
}

/**
 * Builds the flow graph of a manifest.
 *
 * @example
 * ```ts
 * import { flowGraph, manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const { hearers } = flowGraph(manifestOf(order));
 * console.log(hearers.get("order.placed.v1")?.map(({ service }) => service.name));
 * ```
 */
export function flowGraph(manifest: Manifest): FlowGraph {
  const emitters = new Map<string, Emitting[]>();
  const hearers = new Map<string, Hearing[]>();
  const types = new Set<string>(manifest.begins);
  const add = <T>(map: Map<string, T[]>, type: string, item: T) => {
    types.add(type);
    const list = map.get(type);
    if (list === undefined) map.set(type, [item]);
    else list.push(item);
  };
  for (const service of manifest.services.values()) {
    for (const type of service.begins)
      for (const version of versions(type, service.alsoEmits))
        add(emitters, version, {
          service,
          reaction: undefined,
          deadline: undefined,
          how: "begins",
        });
    for (const reaction of service.reactions) {
      const part = { service, reaction, deadline: undefined };
      for (const type of reaction.hears)
        for (const version of versions(type, service.alsoHears)) add(hearers, version, part);
      for (const type of typesEmittedBy(reaction))
        for (const version of versions(type, service.alsoEmits))
          add(emitters, version, { ...part, how: howEmitted(reaction, type) });
    }
    for (const deadline of service.deadlines) {
      const part = { service, reaction: undefined, deadline };
      for (const type of [deadline.after, ...deadline.unless])
        for (const version of versions(type, service.alsoHears)) add(hearers, version, part);
      for (const type of typesEmittedAt(deadline))
        for (const version of versions(type, service.alsoEmits))
          add(emitters, version, { ...part, how: type === deadline.emits ? "deadline" : "parked" });
    }
  }
  const { succeeds, fails, external, arrives, pivots, undoOrder, oneOf, locks, events } = manifest;
  const mentioned = [
    ...succeeds,
    ...fails,
    ...external,
    ...arrives,
    ...pivots,
    ...undoOrder.flat(),
    ...oneOf.flat(),
  ];
  for (const type of [
    ...mentioned,
    ...locks.flatMap(({ acquire, release }) => [acquire, ...release]),
    ...events.keys(),
  ])
    types.add(type);
  return { types: [...types], emitters, hearers };
}

/** An event, and the older versions that a service reads or publishes with it. */
function versions(type: string, also: Lineage): readonly string[] {
  return [type, ...(also.get(type) ?? [])];
}

function howEmitted({ emits, fails, late }: ReactionEntry, type: string): Emitting["how"] {
  if (emits.some((outcome) => outcome.includes(type))) return "emits";
  if (fails.some((outcome) => outcome.includes(type))) return "fails";
  return late.some((outcome) => outcome.includes(type)) ? "late" : "parked";
}
