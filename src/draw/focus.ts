import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Flow } from "./flow.ts";

/** Selects the part of a flow to show. */
export interface Focus {
  /** An event or a service: keeps the nodes that follow from it. */
  readonly from?: string;
  /** An event or a service: keeps the nodes that lead to it. With `from`: the paths between. */
  readonly to?: string;
  /** Keeps these services, and their neighbours. */
  readonly services?: readonly string[];
  /**
   * Number of edges to follow.
   * @default Infinity, or 1 for `services`
   */
  readonly hops?: number;
}

/**
 * Returns the selected part of a flow. Throws `NOT_IN_CHOREOGRAPHY` for an unknown name.
 *
 * @example
 * ```ts
 * import { flowOf, focus, toMermaid } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const part = focus(flowOf(manifestOf(order)), { services: ["payment"], hops: 1 });
 * console.log(toMermaid(part));
 * ```
 */
export function focus(flow: Flow, { from, to, services, hops }: Focus): Flow {
  let kept = new Set(flow.nodes.map(({ id }) => id));
  const keep = (ids: ReadonlySet<string>) => {
    kept = kept.intersection(ids);
  };
  const limit = hops ?? Number.POSITIVE_INFINITY;
  if (from !== undefined) keep(reach(flow, starts(flow, from), limit, "forwards"));
  if (to !== undefined) keep(reach(flow, starts(flow, to), limit, "backwards"));
  if (services !== undefined && services.length > 0) {
    const own = new Set(services.flatMap((service) => [...nodesOf(flow, service)]));
    const near = reach(flow, own, hops ?? 1, "forwards").union(
      reach(flow, own, hops ?? 1, "backwards"),
    );
    keep(near);
    const edges = flow.edges.filter(
      (edge) =>
        kept.has(edge.from) &&
        kept.has(edge.to) &&
        (hops !== undefined || own.has(edge.from) || own.has(edge.to)),
    );
    return { ...flow, nodes: flow.nodes.filter(({ id }) => kept.has(id)), edges };
  }
  return {
    ...flow,
    nodes: flow.nodes.filter(({ id }) => kept.has(id)),
    edges: flow.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)),
  };
}

function nodesOf(flow: Flow, service: string): ReadonlySet<string> {
  const ids = new Set(flow.nodes.filter((node) => node.service === service).map(({ id }) => id));
  if (ids.size > 0) return ids;
  throw unknown(service, [...new Set(flow.nodes.flatMap((node) => node.service ?? []))]);
}

/** Returns the nodes of a service, or the emitters and hearers of an event. */
function starts(flow: Flow, name: string): ReadonlySet<string> {
  if (flow.nodes.some(({ service }) => service === name)) return nodesOf(flow, name);
  const edges = flow.edges.filter(
    ({ type }) => type === name || type.replace(/\.v\d+$/, "") === name,
  );
  if (edges.length === 0) throw unknown(name, [...new Set(flow.edges.map(({ type }) => type))]);
  return new Set(edges.flatMap((edge) => [edge.from, edge.to]));
}

function unknown(name: string, known: readonly string[]): OdoriError {
  const near = known.filter((other) => other.includes(name) || name.includes(other)).slice(0, 5);
  return new OdoriError(
    "NOT_IN_CHOREOGRAPHY",
    `${quote(name)} is neither a service nor an event of this choreography.`,
    {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(", ")}?`
          : `Choose from ${known.slice(0, 12).join(", ")}${known.length > 12 ? ", …" : ""}.`,
    },
  );
}

function reach(
  flow: Flow,
  from: ReadonlySet<string>,
  hops: number,
  direction: "forwards" | "backwards",
): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of flow.edges) {
    const [a, b] = direction === "forwards" ? [edge.from, edge.to] : [edge.to, edge.from];
    const list = next.get(a);
    if (list === undefined) next.set(a, [b]);
    else list.push(b);
  }
  const seen = new Set(from);
  let edge = [...from];
  for (let hop = 0; hop < hops && edge.length > 0; hop++) {
    edge = edge.flatMap((id) => next.get(id) ?? []).filter((id) => !seen.has(id) && seen.add(id));
  }
  return seen;
}
