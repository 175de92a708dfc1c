import { flowGraph } from "../manifest/graph.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import {
  type DeadlineEntry,
  emittedIfEmpty,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import { shortType } from "../text/short.ts";
import { spanOf } from "../text/span.ts";

/** Describes one box of a picture. */
export interface FlowNode {
  /** Letters and digits only: safe in every notation. */
  readonly id: string;
  readonly kind:
    | "begin"
    | "step"
    | "undo"
    | "join"
    | "deadline"
    | "success"
    | "failure"
    | "outside";
  /** The service that it belongs to; undefined for ends and for nodes outside. */
  readonly service: string | undefined;
  readonly label: string;
}

/** Describes one arrow of a picture: an event from one node to another. */
export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  /** `arms` and `calls off` lead to a deadline. */
  readonly kind: "success" | "failure" | "undo" | "deadline" | "late" | "arms" | "calls off";
}

/** Holds the picture of a choreography, independent of notation. */
export interface Flow {
  readonly name: string;
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

interface Part {
  readonly id: string;
  /** Undefined for what comes from outside. */
  readonly service: string | undefined;
  readonly hears: readonly string[];
  readonly emits: readonly { readonly type: string; readonly kind: FlowEdge["kind"] }[];
}

interface Armed {
  readonly id: string;
  readonly service: string;
  readonly deadline: DeadlineEntry;
}

/**
 * Builds the picture of a choreography: a node for each beginning, reaction, deadline and end, and
 * an edge for each way that an event takes. What comes from services that are not in the picture,
 * or goes to them, has a node outside.
 *
 * @example
 * ```ts
 * import { flowOf } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const { nodes, edges } = flowOf(manifestOf(order));
 * ```
 */
export function flowOf(declared: Manifest): Flow {
  const manifest = oneEventPerLineage(declared);
  const nodes: FlowNode[] = [];
  const parts: Part[] = [];
  const armed: Armed[] = [];
  for (const [index, service] of [...manifest.services.values()].entries())
    addService(service, `s${index}`, { nodes, parts, armed });
  const { emitters, hearers } = flowGraph(manifest);
  const placed = new Map<string, string>();
  /** Returns the node of the channel of an event, or of all that is outside. */
  const outside = (type: string, way: "in" | "out"): string => {
    const label = manifest.events.get(type)?.address ?? "outside";
    const key = `${way} ${label}`;
    const known = placed.get(key);
    if (known !== undefined) return known;
    const id = `o${placed.size}`;
    placed.set(key, id);
    nodes.push({ id, kind: "outside", service: undefined, label });
    return id;
  };
  for (const type of new Set([...manifest.begins, ...manifest.arrives, ...hearers.keys()])) {
    if (emitters.has(type)) continue;
    const emits = [{ type, kind: "success" as const }];
    parts.push({ id: outside(type, "in"), service: undefined, hears: [], emits });
  }
  const hearing = new Map<string, Part[]>();
  for (const part of parts) {
    for (const type of part.hears) {
      const known = hearing.get(type);
      if (known === undefined) hearing.set(type, [part]);
      else known.push(part);
    }
  }
  const ends = new Map<string, string>();
  for (const [types, kind] of [
    [manifest.succeeds, "success"] as const,
    [manifest.fails, "failure"] as const,
  ]) {
    for (const type of types) {
      ends.set(type, `e${ends.size}`);
      nodes.push({ id: `e${ends.size - 1}`, kind, service: undefined, label: shortType(type) });
    }
  }
  const edges: FlowEdge[] = [];
  for (const part of parts) {
    for (const { type, kind } of part.emits) {
      for (const { id: to } of hearing.get(type) ?? [])
        edges.push({ from: part.id, to, type, kind });
      const end = ends.get(type);
      if (end !== undefined) edges.push({ from: part.id, to: end, type, kind });
      else if (manifest.external.includes(type) || !hearers.has(type))
        edges.push({ from: part.id, to: outside(type, "out"), type, kind });
      for (const { id: to, service, deadline } of armed) {
        // A deadline reacts to events that its service emits or hears.
        if (part.service !== service && emitsOwn(parts, service, type)) continue;
        if (deadline.after === type) edges.push({ from: part.id, to, type, kind: "arms" });
        else if (deadline.unless.includes(type))
          edges.push({ from: part.id, to, type, kind: "calls off" });
      }
    }
  }
  return { name: manifest.name, nodes, edges };
}

interface Drawing {
  readonly nodes: FlowNode[];
  readonly parts: Part[];
  readonly armed: Armed[];
}

function addService(service: ServiceEntry, prefix: string, { nodes, parts, armed }: Drawing): void {
  const { name } = service;
  if (service.unlinked) {
    const id = `${prefix}u`;
    const types = new Set([...service.begins, ...service.reactions.flatMap(typesEmittedBy)]);
    const hears = [...new Set(service.reactions.flatMap((reaction) => reaction.hears))];
    const emits = [...types].map((type) => ({ type, kind: "success" as const }));
    nodes.push({ id, kind: "step", service: name, label: "links unknown" });
    parts.push({ id, service: name, hears, emits });
    return;
  }
  service.begins.forEach((type, place) => {
    const id = `${prefix}b${place}`;
    nodes.push({ id, kind: "begin", service: name, label: factOf(type) });
    parts.push({ id, service: name, hears: [], emits: [{ type, kind: "success" }] });
  });
  service.reactions.forEach((reaction, place) => {
    const id = `${prefix}r${place}`;
    nodes.push({ id, kind: reaction.kind, service: name, label: labelOf(reaction) });
    parts.push({
      id,
      service: name,
      hears: reaction.hears,
      emits: typesEmittedBy(reaction).map((type) => ({ type, kind: kindOf(reaction, type) })),
    });
  });
  service.deadlines.forEach((deadline, place) => {
    const id = `${prefix}d${place}`;
    const awaited = deadline.unless.map(factOf).join(" or ") || "an answer";
    const label = `${spanOf(deadline.withinMs)} without ${awaited}`;
    nodes.push({ id, kind: "deadline", service: name, label });
    const emits = typesEmittedAt(deadline).map((type) => ({
      type,
      kind: type === deadline.emits ? ("deadline" as const) : ("failure" as const),
    }));
    parts.push({ id, service: name, hears: [], emits });
    armed.push({ id, service: name, deadline });
  });
}

function emitsOwn(parts: readonly Part[], service: string, type: string): boolean {
  return parts.some(
    (part) => part.service === service && part.emits.some((emission) => emission.type === type),
  );
}

function kindOf(reaction: ReactionEntry, type: string): FlowEdge["kind"] {
  const within = (outcomes: readonly ManifestOutcome[]) =>
    outcomes.some((outcome) => outcome.includes(type));
  if (within(reaction.emits)) return reaction.kind === "undo" ? "undo" : "success";
  if (within(reaction.fails) || reaction.onParked === type) return "failure";
  return "late";
}

function labelOf(reaction: ReactionEntry): string {
  const marks = [
    reaction.once === undefined ? [] : `once ${reaction.once}`,
    reaction.max === undefined ? [] : `at most ${reaction.max}×`,
    emptyMark(reaction),
  ].flat();
  const done = [...new Set(reaction.emits.flat())].map(factOf);
  const what =
    reaction.kind === "undo"
      ? `undo ${factOf(reaction.undoes ?? "")}`
      : done.length > 0
        ? done.join(" / ")
        : `notes ${reaction.hears.map(factOf).join(", ")}`;
  return [what, ...marks].join("\n");
}

/** Says what an undo emits where there was nothing to undo, if it emits anything at all. */
function emptyMark(reaction: ReactionEntry): readonly string[] {
  if (reaction.kind !== "undo" || reaction.emits[0]?.[0] === undefined) return [];
  const told = emittedIfEmpty(reaction);
  return [told === undefined ? "silent if not done" : "also if not done"];
}

/** Returns the fact in words: `authorization failed` for `payment.authorization_failed.v1`. */
function factOf(type: string): string {
  const short = shortType(type);
  return short.slice(short.indexOf(".") + 1).replaceAll("_", " ");
}
