export { toDot } from "./dot.ts";
export { type Flow, type FlowEdge, type FlowNode, flowOf } from "./flow.ts";
export { type Focus, focus } from "./focus.ts";
export { toMermaid } from "./mermaid.ts";
export {
  type SequenceAction,
  type SequenceNote,
  type SequenceStep,
  sequenceMermaid,
  sequenceText,
} from "./sequence.ts";
export { toSvg } from "./svg.ts";
export { flowText, type TextOptions } from "./text.ts";
