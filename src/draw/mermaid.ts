import { shortType } from "../text/short.ts";
import type { Flow, FlowEdge, FlowNode } from "./flow.ts";
import { mermaidText } from "./mermaid-text.ts";

const SHAPES: Readonly<Record<FlowNode["kind"], readonly [string, string]>> = {
  begin: ["([", "])"],
  step: ["[", "]"],
  undo: ["[/", "/]"],
  join: ["{{", "}}"],
  deadline: [">", "]"],
  success: ["(((", ")))"],
  failure: ["(((", ")))"],
  outside: ["((", "))"],
};

const CLASSES: Readonly<Record<FlowNode["kind"], string>> = {
  begin: "fill:#e8f0fe,stroke:#3367d6,color:#111",
  step: "fill:#ffffff,stroke:#555555,color:#111",
  undo: "fill:#fff3e0,stroke:#e67700,color:#111,stroke-dasharray:4 3",
  join: "fill:#e6fcf5,stroke:#0b7285,color:#111",
  deadline: "fill:#f3e8fd,stroke:#7b2cbf,color:#111",
  success: "fill:#d8f5e3,stroke:#1b7f4b,color:#111",
  failure: "fill:#fde2e1,stroke:#c5221f,color:#111",
  outside: "fill:#f1f3f4,stroke:#80868b,color:#111",
};

const LINES: Readonly<
  Record<FlowEdge["kind"], { readonly arrow: string; readonly style: string }>
> = {
  success: { arrow: "-->", style: "stroke:#333333" },
  failure: { arrow: "-->", style: "stroke:#c5221f,color:#c5221f" },
  undo: { arrow: "-.->", style: "stroke:#e67700,color:#b35c00" },
  deadline: { arrow: "==>", style: "stroke:#7b2cbf,color:#7b2cbf" },
  late: { arrow: "-.->", style: "stroke:#80868b,color:#5f6368" },
  arms: { arrow: "-.-o", style: "stroke:#7b2cbf,color:#7b2cbf" },
  "calls off": { arrow: "-.-x", style: "stroke:#7b2cbf,color:#7b2cbf" },
};

/**
 * Writes the flow as a Mermaid flowchart, with a subgraph for each service.
 *
 * @example
 * ```ts
 * import { flowOf, toMermaid } from "odori/draw";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * console.log(toMermaid(flowOf(manifestOf(order))));
 * ```
 */
export function toMermaid({ nodes, edges }: Flow): string {
  const lines = ["flowchart LR"];
  const services = [...new Set(nodes.flatMap(({ service }) => service ?? []))];
  services.forEach((name, index) => {
    lines.push(
      `  subgraph service${index}["${mermaidText(name)}"]`,
      ...nodes.filter(({ service }) => service === name).map((node) => `    ${shape(node)}`),
      "  end",
    );
  });
  for (const node of nodes) if (node.service === undefined) lines.push(`  ${shape(node)}`);
  for (const { from, to, type, kind } of edges)
    lines.push(`  ${from} ${LINES[kind].arrow}|"${mermaidText(shortType(type))}"| ${to}`);
  for (const [kind, look] of Object.entries(CLASSES)) {
    const ids = nodes.filter((node) => node.kind === kind).map(({ id }) => id);
    if (ids.length > 0)
      lines.push(`  classDef ${kind} ${look}`, `  class ${ids.join(",")} ${kind}`);
  }
  for (const [kind, { style }] of Object.entries(LINES)) {
    const places = edges.flatMap((edge, index) => (edge.kind === kind ? [index] : []));
    if (places.length > 0) lines.push(`  linkStyle ${places.join(",")} ${style}`);
  }
  return `${lines.join("\n")}\n`;
}

function shape({ id, kind, label }: FlowNode): string {
  const [open, close] = SHAPES[kind];
  return `${id}${open}"${label.split("\n").map(mermaidText).join("<br/>")}"${close}`;
}
