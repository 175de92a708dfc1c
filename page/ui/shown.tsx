import type { ComponentChildren } from "preact";
import type { Problem } from "../net/problem.ts";
import type { Asked } from "../net/use-resource.ts";
import { now, spanText } from "../text/time.ts";
import { visible } from "../text/visible.ts";
import { words } from "../words/words.ts";

/**
 * Shows what was asked for. A question that failed says so: it never looks as if there was nothing.
 * What was known before is still shown, with its age.
 */
export function Shown<T>({
  asked,
  children,
}: {
  readonly asked: Asked<T>;
  readonly children: (value: T) => ComponentChildren;
}) {
  const { value, problem, at, reload } = asked;
  const { state } = words.value;
  if (value === undefined)
    return problem === undefined ? (
      <p class="loading" role="status">
        {state.loading}
      </p>
    ) : (
      <Failed problem={problem} again={reload} />
    );
  return (
    <>
      {problem !== undefined && (
        <Failed
          problem={problem}
          again={reload}
          title={state.old(spanText(Math.max(0, now.value - (at ?? now.value))))}
        />
      )}
      {children(value)}
    </>
  );
}

export function Failed({
  problem,
  again,
  title,
}: {
  readonly problem: Problem;
  readonly again?: () => void;
  readonly title?: string;
}) {
  const { state } = words.value;
  const unreachable = problem.code === "UNREACHABLE";
  return (
    <div class="notice bad" role="alert">
      <strong>{title ?? state.failed}</strong>
      <p>{unreachable ? state.unreachable : visible(problem.message)}</p>
      <p class="mono soft">{visible(problem.code)}</p>
      {again !== undefined && (
        <button type="button" class="button" onClick={again}>
          {state.again}
        </button>
      )}
    </div>
  );
}

/** There is nothing, and that is certain. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <div class="soft">{children}</div>
    </div>
  );
}
