import type { CounterexampleStep, TraceAction } from "./finding.ts";
import type { Beginning, Choice, DeadlineSource, DeliverySource, ModelReaction } from "./model.ts";
import type { SagaStep } from "./path.ts";
import { PLAIN } from "./rulings.ts";

/**
 * Turns the transitions of a counterexample into the steps that a finding shows. `between` has the
 * steps to show before the first transition, and after each one.
 */
export function counterexampleTrace(
  beginning: Beginning,
  steps: readonly SagaStep[],
  between: readonly (readonly CounterexampleStep[])[] = [],
): readonly CounterexampleStep[] {
  const first: CounterexampleStep = {
    service: beginning.service ?? null,
    hears: null,
    emits: beginning.emits.map(({ type }) => type),
    does: beginning.service === undefined ? "arrives" : "begins",
    ...(beginning.effect && { effect: beginning.effect.type }),
  };
  const trace = [first, ...(between[0] ?? [])];
  for (const [index, { source, choice, heard }] of steps.entries()) {
    const [type = ""] = heard.slice(-1);
    switch (source.kind) {
      case "delivery":
        trace.push(deliveryStep(source, type, choice));
        break;
      case "repeat":
        trace.push(deliveryStep(source.of, type, choice));
        break;
      case "join":
        for (const one of heard.slice(0, -1)) trace.push(reactionStep(source.reaction, one, PLAIN));
        trace.push(reactionStep(source.reaction, type, choice));
        break;
      case "again":
        trace.push({ ...deliveryStep(source.of, type, choice), again: true });
        break;
      case "completion":
        trace.push({ ...deliveryStep(source.of, type, choice), hears: null });
        break;
      case "take":
        // It matters which version takes a message if the other has more to do with it.
        if (source.again.length > 0)
          trace.push(stepOf(source.service.name, "takes it", source.type));
        break;
      case "move":
        trace.push(stepOf(source.service.name, source.does));
        break;
      case "deadline":
        trace.push(deadlineStep(source, choice));
        break;
      case "arrival":
        trace.push({ service: null, hears: null, emits: [source.type], does: "arrives" });
    }
    trace.push(...(between[index + 1] ?? []));
  }
  return trace;
}

function stepOf(
  service: string,
  does: TraceAction,
  hears: string | null = null,
): CounterexampleStep {
  return { service, hears, emits: [], does };
}

function deadlineStep({ deadline }: DeadlineSource, index: number): CounterexampleStep {
  const { service, choices } = deadline;
  const choice = choices[index];
  if (choice === undefined) return stepOf(service.name, "drops a deadline");
  return {
    service: service.name,
    hears: null,
    emits: choice.emits.map(({ type }) => type),
    does: choice.kind === "park" ? "gives up" : "has waited too long",
  };
}

function deliveryStep(
  { reaction, deadline, arms }: DeliverySource,
  type: string,
  index: number,
): CounterexampleStep {
  if (deadline !== undefined) {
    return {
      service: deadline.service.name,
      hears: type,
      emits: [],
      does: arms ? "arms a deadline" : "calls a deadline off",
    };
  }
  return reactionStep(reaction, type, index);
}

function reactionStep(
  reaction: ModelReaction | undefined,
  type: string,
  index: number,
): CounterexampleStep {
  const choice = index === PLAIN ? undefined : reaction?.choices[index];
  const service = reaction?.service.name ?? null;
  if (choice === undefined) {
    const does = reaction?.entry.kind === "join" ? "waits for more" : "suppresses it";
    return { service, hears: type, emits: [], does };
  }
  const emits = choice.emits.map((emission) => emission.type);
  const does = actionOf(choice, reaction?.entry.kind === "undo");
  const effect = choice.effect?.type;
  return {
    service,
    hears: type,
    emits,
    does,
    ...(effect !== undefined && does !== "is late" && { effect }),
  };
}

function actionOf({ kind }: Choice, undo: boolean): TraceAction {
  switch (kind) {
    case "success":
      return undo ? "undoes" : "does";
    case "failure":
      return "refuses";
    case "acknowledge":
      return "has nothing to undo";
    case "late":
      return "is late";
    case "park":
      return "gives up";
    case "forget":
      return "has forgotten the saga";
  }
}
