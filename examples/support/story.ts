import type { EventContract, StoreInspection } from "odori";
import { type TraceStep, timeline, traceOf } from "odori/observe";

/** The part of an `App` that tells what its service did. */
export interface Storyteller {
  readonly name: string;
  readonly inspect: StoreInspection;
}

/**
 * Events by service: the story is complete once each service has heard or emitted its events, an
 * event that is listed twice in two steps.
 */
export type Until = Readonly<Record<string, EventContract | readonly EventContract[]>>;

/** Prints a saga, step by step, once `until` holds. */
export async function story(
  title: string,
  services: readonly Storyteller[],
  sagaId: string,
  until: Until,
): Promise<void> {
  const steps = await stepsUntil(services, sagaId, until);
  const lines = timeline(inOneOrder(steps)).map((line) => line.replace(/^\+0 ms +/, "  "));
  process.stdout.write(`${title}\n${lines.join("\n")}\n\n`);
}

/**
 * Polls the journals. A saga has no coordinator that could say when it is over: the event that ends
 * it may still be on its way to a service, so each service is asked.
 */
export async function stepsUntil(
  services: readonly Storyteller[],
  sagaId: string,
  until: Until,
): Promise<readonly TraceStep[]> {
  for (;;) {
    const journals = services.map(async ({ name, inspect }) => ({
      service: name,
      records: await inspect.journal(sagaId),
    }));
    const steps = traceOf(await Promise.all(journals));
    if (isComplete(steps, until)) return steps;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isComplete(steps: readonly TraceStep[], until: Until): boolean {
  if (steps.some(({ disposition }) => /^(retrying|waiting)$/.test(disposition))) return false;
  return Object.entries(until).every(([service, events]) => {
    const own = steps.filter((step) => step.service === service);
    const types = [events].flat().map(({ type }) => type);
    return types.every(
      (type) =>
        own.filter((step) => touches(step, type)).length >=
        types.filter((other) => other === type).length,
    );
  });
}

function touches({ heard, emitted }: TraceStep, type: string): boolean {
  return heard === type || emitted.includes(type);
}

/**
 * Makes the same saga read the same every time: by causes instead of by the clock, and a join in
 * one line, whichever of its events came last.
 */
function inOneOrder(steps: readonly TraceStep[]): readonly TraceStep[] {
  const isOf = ({ service, reaction }: TraceStep) => {
    return (other: TraceStep) => other.service === service && other.reaction === reaction;
  };
  const gathered = steps.filter(({ disposition }) => disposition === "gathered");
  const merged = steps.flatMap((step) => {
    const parts = gathered.some(isOf(step)) ? steps.filter(isOf(step)) : [step];
    const fired = parts.find(({ disposition }) => disposition !== "gathered") ?? parts[0];
    if (fired !== step) return [];
    const heard = parts.map((part) => (part.heard ?? "").replace(/\.v1$/, "")).sort();
    const depth = Math.max(...parts.map((part) => part.depth));
    return [{ ...step, elapsedMs: 0, heard: heard.join(" + "), depth }];
  });
  return merged.sort(
    (a, b) =>
      a.depth - b.depth ||
      Number(a.disposition === "late") - Number(b.disposition === "late") ||
      a.service.localeCompare(b.service) ||
      a.reaction.localeCompare(b.reaction) ||
      (a.effect ?? "").localeCompare(b.effect ?? ""),
  );
}
