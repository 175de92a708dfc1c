import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { typesHeard, versionsOf } from "../contract/lineage.ts";
import { storedName } from "../contract/names.ts";
import { FIRST } from "./attempt.ts";
import { Delivery } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import type { Marks } from "./marks.ts";
import { deadlineMark } from "./plan.ts";

export type DeadlineChange = "armed" | "disarmed";

/**
 * Arms and disarms deadlines by the events that were heard or emitted, in that order. A deadline
 * that was disarmed before it was armed stays so: the event that it would wait for has come.
 * Returns the last change; undefined when there was none.
 */
export function touchDeadlines<Native>(
  deadlines: readonly DeadlineDeclaration<Native>[],
  marks: Marks,
  events: readonly EventEnvelope[],
  draft: Draft,
): DeadlineChange | undefined {
  let change: DeadlineChange | undefined;
  for (const deadline of deadlines) {
    const name = deadlineMark(deadline);
    let state = marks.of(name);
    for (const event of events) {
      const next = nextState(deadline, state, event);
      if (next === undefined) continue;
      const { sagaId } = event;
      if (next === "armed") draft.defer.push(armed(deadline, event));
      else if (state === "armed")
        draft.drop.push({ reaction: storedName(deadline), sagaId, state: "armed" });
      draft.marks.push({ sagaId, name, state: next });
      state = change = next;
    }
  }
  return change;
}

/** The types that call a deadline off, in each version. */
export function callsOff<Native>({
  armedBy,
  unless,
}: DeadlineDeclaration<Native>): readonly string[] {
  const arms = versionsOf(armedBy).map(({ type }) => type);
  return unless.flatMap(versionsOf).flatMap(({ type }) => (arms.includes(type) ? [] : [type]));
}

function nextState<Native>(
  { armedBy, unless }: DeadlineDeclaration<Native>,
  state: string | undefined,
  event: EventEnvelope,
): DeadlineChange | undefined {
  const { type } = event;
  if (state === undefined && typesHeard(armedBy).includes(type)) return "armed";
  const open = state === undefined || state === "armed";
  return open && unless.some((one) => typesHeard(one).includes(type)) ? "disarmed" : undefined;
}

function armed<Native>(deadline: DeadlineDeclaration<Native>, event: EventEnvelope) {
  const delivery = Delivery.of(storedName(deadline), event, FIRST);
  return delivery.deferral({ state: "armed", problem: undefined, delayMs: deadline.afterMs });
}
