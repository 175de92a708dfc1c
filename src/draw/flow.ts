import { flowGraph } from "../manifest/graph.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import {
  type DeadlineEntry,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
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
  readonly service: string;
  readonly hears: readonly string[];
  readonly emits: readonly { readonly type: string; readonly kind: FlowEdge["kind"] }[];
}

/**
 * Builds the picture of a choreography: a node for each beginning, reaction, deadline and end, and
 * an edge for each way that an event takes.
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
  const edges: FlowEdge[] = [];
  const nodeId = (index: number, place: string) => `s${index}${place}`;
  const armed: {
    readonly id: string;
    readonly service: string;
    readonly deadline: DeadlineEntry;
  }[] = [];
  for (const [index, service] of [...manifest.services.values()].entries()) {
    const { name } = service;
    service.begins.forEach((type, place) => {
      const id = nodeId(index, `b${place}`);
      nodes.push({ id, kind: "begin", service: name, label: factOf(type) });
      parts.push({ id, service: name, hears: [], emits: [{ type, kind: "success" }] });
    });
    service.reactions.forEach((reaction, place) => {
      const id = nodeId(index, `r${place}`);
      nodes.push({ id, kind: reaction.kind, service: name, label: labelOf(reaction) });
      parts.push({
        id,
        service: name,
        hears: reaction.hears,
        emits: typesEmittedBy(reaction).map((type) => ({ type, kind: kindOf(reaction, type) })),
      });
    });
    service.deadlines.forEach((deadline, place) => {
      const id = nodeId(index, `d${place}`);
      const awaited = deadline.unless.map(factOf).join(" or ") || "an answer";
      nodes.push({
        id,
        kind: "deadline",
        service: name,
        label: `${spanOf(deadline.withinMs)} without ${awaited}`,
      });
      parts.push({
        id,
        service: name,
        hears: [],
        emits: typesEmittedAt(deadline).map((type) => ({
          type,
          kind: type === deadline.emits ? "deadline" : "failure",
        })),
      });
      armed.push({ id, service: name, deadline });
    });
  }
  const hearing = new Map<string, Part[]>();
  for (const part of parts) {
    for (const type of part.hears) {
      const known = hearing.get(type);
      if (known === undefined) hearing.set(type, [part]);
      else known.push(part);
    }
  }
  const outside = (type: string, label: string): string => {
    const id = `o${nodes.length}`;
    nodes.push({ id, kind: "outside", service: undefined, label });
    edges.push(
      ...(hearing.get(type) ?? []).map(({ id: to }) => ({
        from: id,
        to,
        type,
        kind: "success" as const,
      })),
    );
    return id;
  };
  const { emitters } = flowGraph(manifest);
  for (const type of new Set([...manifest.begins, ...manifest.arrives]))
    if (!emitters.has(type)) outside(type, "outside");
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
  const leaves = new Map<string, string>();
  for (const part of parts) {
    for (const { type, kind } of part.emits) {
      for (const { id: to } of hearing.get(type) ?? [])
        edges.push({ from: part.id, to, type, kind });
      const end = ends.get(type);
      if (end !== undefined) edges.push({ from: part.id, to: end, type, kind });
      else if (manifest.external.includes(type)) {
        const to = leaves.get(type) ?? outside("", "outside");
        leaves.set(type, to);
        edges.push({ from: part.id, to, type, kind });
      }
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

/** Returns the fact in words: `authorization failed` for `payment.authorization_failed.v1`. */
function factOf(type: string): string {
  const short = shortType(type);
  return short.slice(short.indexOf(".") + 1).replaceAll("_", " ");
}
