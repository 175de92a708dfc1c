import type { Step } from "../../../src/console/wire.ts";

/**
 * The steps that made a saga turn back: those that had something undone, and refusals with which
 * nothing has gone on. If nothing was to be undone, the step that ended it.
 */
export function turningIn(steps: readonly Step[], end: string | undefined): readonly Step[] {
  const undone = new Set(steps.flatMap((step) => (isUndoing(step) ? [step.cause] : [])));
  const goneOn = new Set(
    steps.flatMap((step) => (step.disposition === "done" ? [step.cause] : [])),
  );
  const turning = steps.filter(
    (step) =>
      !isUndoing(step) &&
      (undone.has(step.n) || (step.disposition === "refused" && !goneOn.has(step.n))),
  );
  if (turning.length > 0) return turning;
  return steps.filter(({ emitted }) => emitted.some(({ type }) => type === end)).slice(-1);
}

function isUndoing({ disposition }: Step): boolean {
  return disposition === "undone" || disposition === "barred";
}
