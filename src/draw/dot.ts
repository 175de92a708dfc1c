import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import type { Flow, FlowEdge, FlowNode } from "./flow.ts";

const NODES: Readonly<Record<FlowNode["kind"], string>> = {
  begin: 'shape=box style="rounded,filled" fillcolor="#e8f0fe" color="#3367d6" penwidth=1.6',
  step: 'shape=box style="filled" fillcolor="#ffffff" color="#555555"',
  undo:
    'shape=parallelogram margin="0.02,0.02" ' +
    'style="filled,dashed" fillcolor="#fff3e0" color="#e67700"',
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
  success: "black: success",
  failure: "red: failure",
  undo: "orange, dashed: undo",
  deadline: "purple: deadline passed",
  late: "grey, dashed: late outcome",
  arms: "purple, dotted, circle: arms a deadline",
  "calls off": "purple, dotted, bar: calls it off",
};

/** With more services than this, the layout goes from top to bottom to keep the page narrow. */
const SERVICES_ABREAST_MAX = 12;

/**
 * Writes the flow in DOT, the language of Graphviz, with a cluster for each service.
 *
 * @example
 * ```ts
 * import { flowOf, toDot } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * console.log(toDot(flowOf(manifestOf(order))));
 * ```
 */
export function toDot({ name, nodes, edges }: Flow): string {
  const services = [...new Set(nodes.flatMap(({ service }) => service ?? []))];
  const kinds = new Set(edges.map(({ kind }) => kind));
  const legend = Object.entries(LEGEND).flatMap(([kind, text]) =>
    [...kinds].some((used) => used === kind) ? [text] : [],
  );
  const lines = [
    `digraph ${quoted(name)} {`,
    `  graph [rankdir=${services.length > SERVICES_ABREAST_MAX ? "TB" : "LR"}`,
    '    fontname="Helvetica,Arial,sans-serif" fontsize=11 nodesep=0.3 ranksep=0.7',
    '    bgcolor="white" pad=0.2',
    `    label=${quoted(`${name}     ${legend.join("  ·  ")}`)} labelloc=b fontcolor="#5f6368"]`,
    '  node [fontname="Helvetica,Arial,sans-serif" fontsize=11 fontcolor="#111111"',
    '    margin="0.14,0.07" height=0.3]',
    '  edge [fontname="Helvetica,Arial,sans-serif" fontsize=9 arrowsize=0.7]',
  ];
  services.forEach((name, index) => {
    lines.push(
      `  subgraph cluster_${index} {`,
      `    label=${quoted(name)} labelloc=t fontsize=13 fontcolor="#111111"`,
      '    style="rounded,filled" fillcolor="#f8f9fa" color="#bdc1c6" margin=12',
      ...nodes.filter(({ service }) => service === name).map((node) => `    ${statement(node)}`),
      "  }",
    );
  });
  for (const node of nodes) if (node.service === undefined) lines.push(`  ${statement(node)}`);
  const turn = turnsOf(nodes, edges);
  const continuing = new Set(
    edges.filter(({ kind }) => kind === "success").map(({ from }) => from),
  );
  for (const { from, to, type, kind } of edges) {
    // An edge that leads back gets no weight in the layout, so that success reads in one direction.
    const onward = kind === "success" && continuing.has(to);
    const back = !onward && (turn.get(to) ?? 0) < (turn.get(from) ?? 0) ? " constraint=false" : "";
    lines.push(`  ${from} -> ${to} [label=${quoted(shortType(type))} ${EDGES[kind]}${back}]`);
  }
  return `${lines.join("\n")}\n}\n`;
}

/** Returns, by node id, the turn in which the success path reaches its service. Ends come last. */
function turnsOf(
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
): ReadonlyMap<string, number> {
  const sources = new Set(edges.map(({ from }) => from));
  const isEnd = ({ id, kind }: FlowNode) =>
    kind === "success" || kind === "failure" || (kind === "outside" && !sources.has(id));
  const groupOf = new Map(nodes.map(({ id, service }) => [id, service ?? id]));
  const turns = new Map<string | undefined, number>();
  const begun = nodes
    .filter((node) => node.kind === "begin" || (node.kind === "outside" && !isEnd(node)))
    .map(({ id }) => id);
  const onwards = edges.filter(({ kind }) => kind === "success" || kind === "deadline");
  const queue = [...begun];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (!turns.has(groupOf.get(id))) turns.set(groupOf.get(id), turns.size);
    queue.push(
      ...onwards
        .filter((edge) => edge.from === id && !turns.has(groupOf.get(edge.to)))
        .map(({ to }) => to),
    );
  }
  for (const { id } of nodes)
    if (!turns.has(groupOf.get(id))) turns.set(groupOf.get(id), turns.size);
  const last = nodes.length;
  return new Map(
    nodes.map((node) => [node.id, isEnd(node) ? last : (turns.get(node.service ?? node.id) ?? 0)]),
  );
}

function statement({ id, kind, label }: FlowNode): string {
  return `${id} [label=${quoted(label)} ${NODES[kind]}]`;
}

/** Quotes a string for DOT. Backslashes are escaped, because they start an escape sequence. */
function quoted(text: string): string {
  const escaped = text
    .split("\n")
    .map((line) => printable(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"'))
    .join("\\n");
  return `"${escaped}"`;
}
