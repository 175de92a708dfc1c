import type { Manifest } from "../../../src/manifest/manifest.ts";
import { reportTo, Saga } from "../reference.ts";
import { type ReferenceState, textOf } from "../reference-state.ts";

/** A state of the plain interpreter, with all that can follow. */
export interface Node {
  readonly state: ReferenceState;
  /** Each as it follows from the state, with what the step said. */
  readonly next: { readonly node: Node; readonly said: ReferenceState["last"] }[];
  /** The types of the events that may still be emitted. */
  readonly events: Set<string>;
  /** `good` or `bad`, and how the saga may come to rest. */
  readonly rests: Set<string>;
  readonly violations: Set<string>;
  atRest: boolean;
}

export interface Start {
  readonly node: Node;
  readonly said: ReferenceState["last"];
}

/** Explores a choreography with the plain interpreter; undefined if it has too many states. */
export function graphOf(manifest: Manifest, statesMax: number): readonly Start[] | undefined {
  let found = new Set<string>();
  const saga = new Saga(manifest, (...broken) => reportTo(found)(...broken), new Set());
  const known = new Map<string, Node>();
  const nodes: Node[] = [];
  const nodeOf = (state: ReferenceState): Node => {
    const text = textOf(state);
    const old = known.get(text);
    if (old !== undefined) return old;
    const node: Node = {
      state,
      next: [],
      events: new Set(),
      rests: new Set(),
      violations: new Set(),
      atRest: false,
    };
    known.set(text, node);
    nodes.push(node);
    return node;
  };
  const starts = saga.beginnings().map((state) => ({ node: nodeOf(state), said: state.last }));
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined || nodes.length > statesMax) return undefined;
    found = new Set();
    const { certain, possible } = saga.next(node.state);
    for (const state of [...certain, ...possible])
      node.next.push({ node: nodeOf(state), said: state.last });
    for (const { said } of node.next) for (const type of said.emits) node.events.add(type);
    for (const one of found) node.violations.add(one);
    if (certain.length > 0) continue;
    node.atRest = true;
    found = new Set();
    saga.judge(node.state);
    node.rests.add(`${found.size === 0 ? "good" : "bad"} ${restOf(manifest, node.state)}`);
    for (const one of found) node.violations.add(one);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of nodes.toReversed())
      for (const { node: later } of node.next)
        for (const field of ["events", "rests", "violations"] as const)
          for (const one of later[field])
            if (!node[field].has(one)) {
              node[field].add(one);
              changed = true;
            }
  }
  return starts;
}

function restOf({ succeeds, fails }: Manifest, { ends }: ReferenceState): string {
  if (succeeds.some((type) => ends[type] !== undefined)) return "success";
  return fails.some((type) => ends[type] !== undefined) ? "failure" : "no end";
}
