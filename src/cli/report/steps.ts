import type { CounterexampleStep } from "../../check/finding.ts";

/** Writes a counterexample as numbered lines, for places without a fixed width. */
export function traceLines(trace: readonly CounterexampleStep[] = []): readonly string[] {
  return trace.map((step, index) => `${index + 1}. ${stepText(step)}`);
}

/** Writes one step of a counterexample as a sentence. */
export function stepText(step: CounterexampleStep): string {
  const { service, hears, emits, does, effect, why } = step;
  const heard = hears === null ? "" : ` on ${hears}`;
  if (why !== undefined) return `${service ?? "outside"}${heard}: ${does}, since ${why}`;
  const about = effect === undefined || emits.includes(effect) ? "" : ` ${effect}`;
  const emitted = emits.length === 0 ? "" : ` → ${emits.join(", ")}`;
  return `${service ?? "outside"}${heard}: ${does}${about}${emitted}`;
}
