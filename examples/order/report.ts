import { type Paint, type TraceStep, timeline } from "odori/observe";
import type { Audit } from "./audit.ts";

/** One order as people read it: what became of it, and every step. */
export function orderReport(
  orderId: string,
  state: string,
  steps: readonly TraceStep[],
  paint: Paint,
): string {
  const failed = steps.find((step) => step.disposition === "refused");
  const title = {
    completed: paint.good("succeeded"),
    cancelled: paint.bad(`failed at ${failed?.service ?? "an unknown place"}, and was undone`),
  }[state];
  return [
    `${paint.bold(orderId)} ${title ?? state}`,
    ...timeline(steps, paint).map((line) => `  ${line}`),
    "",
  ].join("\n");
}

export interface RunResult {
  readonly orders: number;
  readonly resumed: number;
  readonly succeeded: number;
  readonly undone: number;
  readonly milliseconds: number;
}

export function summaryReport(run: RunResult, books: Audit, paint: Paint): string {
  const resumed = run.resumed === 0 ? "" : `, ${run.resumed} of them taken up from an earlier run`;
  const { chargedCents, refundedCents, completed, cancelled, open } = books;
  const kept = euros(chargedCents - refundedCents);
  const money = `${euros(chargedCents)} charged - ${euros(refundedCents)} refunded = ${kept}`;
  const ended = `${run.succeeded} succeeded, ${run.undone} undone, in ${run.milliseconds} ms`;
  const ok = books.violations.length === 0;
  const verdict = ok
    ? paint.good("everything adds up")
    : paint.bad(`${books.violations.length} things do not add up`);
  return [
    paint.bold(`${run.orders} orders${resumed}: ${ended}`),
    `  in the books  ${completed} completed, ${cancelled} cancelled, ${open.length} open`,
    `  money         ${money} for ${completed} completed orders`,
    `  stock         ${books.reserved} pieces set aside, ${books.shipments} shipments requested`,
    `  audit         ${verdict}`,
    ...books.violations.slice(0, 20).map((violation) => `                ${paint.bad(violation)}`),
    "",
  ].join("\n");
}

function euros(cents: number): string {
  return (cents / 100).toFixed(2);
}
