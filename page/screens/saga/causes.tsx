import { useMemo } from "preact/hooks";
import type { Step } from "../../../src/console/wire.ts";
import { shortType } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { narrow } from "../../ui/narrow.ts";
import { words } from "../../words/words.ts";
import { didText, firstOf, oddText, sinceText, stepTone } from "./step-text.ts";
import { type Branch, treeOf } from "./tree.ts";
import type { ViewProps } from "./views.tsx";

/** A deeper step is not moved any further: its text has to stay in sight. */
const INDENT_MAX = 16;
const INDENT_PX = 18;
const NARROW_INDENT_PX = 8;

/** The steps as a tree: each below the one that caused it. */
export function Causes({ reply: { steps, saga }, onEnd }: ViewProps) {
  const branches = useMemo(() => treeOf(steps), [steps]);
  const { saga: w } = words.value;
  const columns = [
    { key: "heard", title: w.heard },
    { key: "service", title: w.service },
    { key: "did", title: w.did },
    { key: "emitted", title: w.emitted },
    { key: "time", title: w.time, numeric: true },
  ];
  return (
    <List
      label={w.views.causes}
      class="causes-list"
      columns={columns}
      count={branches.length}
      keyOf={(index) => String(branches[index]?.step.n)}
      row={(index, focus) => cells(branches[index], focus, firstOf(steps, saga.began), w.beginning)}
      onEnd={onEnd}
    />
  );
}

function cells(branch: Branch<Step> | undefined, focus: 0 | -1, began: number, beginning: string) {
  if (branch === undefined) return [];
  const { step, depth } = branch;
  const odd = oddText(step);
  const indent = Math.min(depth, INDENT_MAX) * (narrow.value ? NARROW_INDENT_PX : INDENT_PX);
  return [
    <span key="heard" class="branch" tabIndex={focus} style={{ paddingLeft: `${indent}px` }}>
      <i aria-hidden="true">{depth === 0 ? "●" : "└"}</i>{" "}
      {step.heard === undefined ? beginning : shortType(step.heard)}
    </span>,
    <Id key="service" text={step.service} />,
    <span key="did" class={`did ${stepTone(step)}`} title={odd}>
      {didText(step)}
      {odd !== undefined && <em> {odd}</em>}
    </span>,
    <span key="emitted" class="mono">
      {step.emitted.map(({ type }) => shortType(type)).join(", ")}
    </span>,
    sinceText(step.at, began),
  ];
}
