import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import type { Flow, FlowEdge, FlowNode } from "./flow.ts";

const NODES: Readonly<Record<FlowNode["kind"], string>> = {
  begin: 'shape=box style="rounded,filled" fillcolor="#e8f0fe" color="#3367d6" penwidth=1.6',
  step: 'shape=box style="filled" fillcolor="#ffffff" color="#555555"',
  undo: 'shape=parallelogram margin="0.02,0.02" style="filled,dashed" fillcolor="#fff3e0" color="#e67700"',
  join: 'shape=hexagon style="filled" fillcolor="#e6fcf5" color="#0b7285"',
  deadline: 'shape=cds style="filled" fillcolor="#f3e8fd" color="#7b2cbf" margin="0.2,0.08"',
  success: 'shape=box peripheries=2 style="rounded,filled" fillcolor="#d8f5e3" color="#1b7f4b"',
  failure: 'shape=box peripheries=2 style="rounded,filled" fillcolor="#fde2e1" color="#c5221f"',
  outside: 'shape=ellipse style="filled,dotted" fillcolor="#f1f3f4" color="#80868b"',
};

const EDGES: Readonly<Record<FlowEdge["kind"], string>> = {
  success: 'color="#333333" fontcolor="#333333"',
  failure: 'color="#c5221f" fontcolor="#c5221f"',
  undo: 'color="#e67700" fontcolor="#b35c00" style=dashed',
  deadline: 'color="#7b2cbf" fontcolor="#7b2cbf" penwidth=1.8',
  late: 'color="#80868b" fontcolor="#5f6368" style=dashed',
  arms: 'color="#7b2cbf" fontcolor="#7b2cbf" style=dotted arrowhead=odot',
  "calls off": 'color="#7b2cbf" fontcolor="#7b2cbf" style=dotted arrowhead=tee',
};

const LEGEND: Readonly<Record<FlowEdge["kind"], string>> = {
  success: "black: what follows",
  failure: "red: a failure",
  undo: "orange, dashed: undone",
  deadline: "purple: too late",
  late: "grey: another was first",
  arms: "purple dots, circle: arms a deadline",
  "calls off": "purple dots, bar: calls it off",
};

/**
 * More rooms than this side by side would need a very wide page: they go downwards, as pages
 * scroll.
 */
const ROOMS_ABREAST_MAX = 12;

/** The flow in Graphviz's language: a cluster for each service. */
export function toDot({ name, nodes, edges }: Flow): string {
  const rooms = [...new Set(nodes.flatMap(({ service }) => service ?? []))];
  const kinds = new Set(edges.map(({ kind }) => kind));
  const legend = Object.entries(LEGEND).flatMap(([kind, text]) =>
    [...kinds].some((used) => used === kind) ? [text] : [],
  );
  const lines = [
    `digraph ${quoted(name)} {`,
    `  graph [rankdir=${rooms.length > ROOMS_ABREAST_MAX ? "TB" : "LR"} fontname="Helvetica,Arial,sans-serif" fontsize=11 nodesep=0.3 ranksep=0.7`,
    '    bgcolor="white" pad=0.2',
    `    label=${quoted(`${name}     ${legend.join("  ·  ")}`)} labelloc=b fontcolor="#5f6368"]`,
    '  node [fontname="Helvetica,Arial,sans-serif" fontsize=11 fontcolor="#111111" margin="0.14,0.07" height=0.3]',
    '  edge [fontname="Helvetica,Arial,sans-serif" fontsize=9 arrowsize=0.7]',
  ];
  rooms.forEach((room, index) => {
    lines.push(
      `  subgraph cluster_${index} {`,
      `    label=${quoted(room)} labelloc=t fontsize=13 fontcolor="#111111" style="rounded,filled" fillcolor="#f8f9fa" color="#bdc1c6" margin=12`,
      ...nodes.filter(({ service }) => service === room).map((node) => `    ${statement(node)}`),
      "  }",
    );
  });
  for (const node of nodes) if (node.service === undefined) lines.push(`  ${statement(node)}`);
  const turn = turnsOf(nodes, edges);
  const continuing = new Set(
    edges.filter(({ kind }) => kind === "success").map(({ from }) => from),
  );
  for (const { from, to, type, kind } of edges) {
    // What only leads back must not pull its end along: the eye follows success in one direction.
    const onward = kind === "success" && continuing.has(to);
    const back = !onward && (turn.get(to) ?? 0) < (turn.get(from) ?? 0) ? " constraint=false" : "";
    lines.push(`  ${from} -> ${to} [label=${quoted(shortType(type))} ${EDGES[kind]}${back}]`);
  }
  return `${lines.join("\n")}\n}\n`;
}

/** When the success path first comes to the room in which a node stands; ends come last. */
function turnsOf(
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
): ReadonlyMap<string, number> {
  const roomOf = new Map(nodes.map(({ id, service }) => [id, service ?? id]));
  const turns = new Map<string | undefined, number>();
  const begun = nodes
    .filter(({ kind }) => kind === "begin" || kind === "outside")
    .map(({ id }) => id);
  const onwards = edges.filter(({ kind }) => kind === "success" || kind === "deadline");
  const queue = [...begun];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (!turns.has(roomOf.get(id))) turns.set(roomOf.get(id), turns.size);
    queue.push(
      ...onwards
        .filter((edge) => edge.from === id && !turns.has(roomOf.get(edge.to)))
        .map(({ to }) => to),
    );
  }
  for (const { id } of nodes) if (!turns.has(roomOf.get(id))) turns.set(roomOf.get(id), turns.size);
  const last = nodes.length;
  return new Map(
    nodes.map(({ id, kind, service }) => [
      id,
      kind === "success" || kind === "failure" ? last : (turns.get(service ?? id) ?? 0),
    ]),
  );
}

function statement({ id, kind, label }: FlowNode): string {
  return `${id} [label=${quoted(label)} ${NODES[kind]}]`;
}

/** A quoted string; a backslash would begin one of Graphviz's escapes. */
function quoted(text: string): string {
  const escaped = text
    .split("\n")
    .map((line) => printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"'))
    .join("\\n");
  return `"${escaped}"`;
}
