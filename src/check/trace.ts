import type { CounterexampleStep, TraceAction } from "./finding.ts";
import type { Beginning, Choice, DeliverySource, ModelReaction } from "./model.ts";
import type { SagaStep } from "./path.ts";
import { PLAIN } from "./rulings.ts";

/** Turns the transitions of a counterexample into the steps that a finding shows. */
export function counterexampleTrace(
  beginning: Beginning,
  steps: readonly SagaStep[],
): readonly CounterexampleStep[] {
  const first: CounterexampleStep = {
    service: beginning.service ?? null,
    hears: null,
    emits: beginning.emits.map(({ type }) => type),
    does: beginning.service === undefined ? "arrives" : "begins",
    ...(beginning.effect && { effect: beginning.effect.type }),
  };
  const trace = [first];
  for (const { source, choice, heard } of steps) {
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
      case "deadline":
        trace.push({
          service: source.deadline.service.name,
          hears: null,
          emits: source.deadline.choices[choice]?.emits.map(({ type }) => type) ?? [],
          does:
            source.deadline.choices[choice]?.kind === "park" ? "gives up" : "has waited too long",
        });
        break;
      case "arrival":
        trace.push({ service: null, hears: null, emits: [source.type], does: "arrives" });
    }
  }
  return trace;
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
  if (choice === undefined) return { service, hears: type, emits: [], does: "waits for more" };
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
