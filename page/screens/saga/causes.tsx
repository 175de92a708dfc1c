import { useMemo } from "preact/hooks";
import type { Step } from "../../../src/console/wire.ts";
import { shortType } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { words } from "../../words/words.ts";
import { didText, oddText, sinceText, stepTone } from "./step-text.ts";
import type { ViewProps } from "./views.tsx";

/** A step at its place in the tree of causes. */
interface Branch {
  readonly step: Step;
  readonly depth: number;
}

/** A deeper step is not moved any further: its text has to stay in sight. */
const INDENT_MAX = 16;
const INDENT_PX = 18;

/** The steps as a tree: each below the one that caused it. */
export function Causes({ reply: { steps, saga }, onEnd }: ViewProps) {
  const branches = useMemo(() => treeOf(steps), [steps]);
  const { saga: w } = words.value;
  const columns = [
    { key: "step", title: w.heard },
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
      row={(index, focus) => cells(branches[index], focus, saga.began, w.beginning)}
      onEnd={onEnd}
    />
  );
}

function cells(branch: Branch | undefined, focus: 0 | -1, began: number, beginning: string) {
  if (branch === undefined) return [];
  const { step, depth } = branch;
  const odd = oddText(step);
  const indent = Math.min(depth, INDENT_MAX) * INDENT_PX;
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

/** Depth first, without a stack of calls: a saga may be a chain of 20,000 steps. */
export function treeOf(steps: readonly Step[]): readonly Branch[] {
  const children = new Map<number | undefined, Step[]>();
  const known = new Set(steps.map(({ n }) => n));
  for (const step of steps) {
    const cause = step.cause !== undefined && known.has(step.cause) ? step.cause : undefined;
    const own = children.get(cause) ?? [];
    own.push(step);
    children.set(cause, own);
  }
  const branches: Branch[] = [];
  const waiting = (children.get(undefined) ?? []).toReversed().map((step) => ({ step, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    branches.push(next);
    const { depth } = next;
    for (const step of (children.get(next.step.n) ?? []).toReversed())
      waiting.push({ step, depth: depth + 1 });
  }
  return branches;
}
