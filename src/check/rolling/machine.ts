import { DONE } from "../../choreography/fence.ts";
import type {
  AgainSource,
  CompletionSource,
  DeliverySource,
  Model,
  ModelReaction,
  MoveSource,
  RepeatSource,
  TakeSource,
  TransitionSource,
} from "../model.ts";
import type { Violation } from "../violation.ts";

/** A transition that a counter of pending deliveries enables. */
export type PendingSource = DeliverySource | RepeatSource | TakeSource | AgainSource;

/** Lists by byte what the byte counts. Two versions of a part share a byte. */
export function pendingSources(model: Model): readonly (readonly PendingSource[])[] {
  const lists: PendingSource[][] = Array.from({ length: model.pendingEnd }, () => []);
  for (const source of model.sources) {
    const { kind, at } = source;
    if (kind === "delivery" || kind === "repeat" || kind === "take" || kind === "again")
      lists[at]?.push(source);
  }
  return lists;
}

/** Returns the phase of a state as a bit. There is one phase where nothing is deployed. */
export function phaseBit({ rolling }: Model, state: Uint8Array): number {
  return rolling === undefined ? 1 : 1 << (state[rolling.phaseAt] ?? 0);
}

/** Returns the phases that a saga may still be in, as bits. */
export function phasesLeft({ rolling }: Model, state: Uint8Array): number {
  return rolling === undefined ? 1 : (rolling.ahead[state[rolling.phaseAt] ?? 0] ?? 0);
}

/** Whether the transition may never happen though it could: a message that comes again. */
export function isPossible({ kind }: TransitionSource): boolean {
  return kind === "repeat" || kind === "again";
}

/** Lists what happens between deliveries while a service is deployed. */
export function deploymentSources({ sources }: Model): readonly (CompletionSource | MoveSource)[] {
  return sources.filter((source) => source.kind === "completion" || source.kind === "move");
}

/** Whether a join waits for events, and has gathered each of them. */
export function hasAwaited(
  state: Uint8Array,
  { gatherAt, parts, optional }: ModelReaction,
): boolean {
  let awaited = 0;
  for (let part = 0; part < parts; part++) {
    if (optional[part]) continue;
    if (state[gatherAt + part] === 0) return false;
    awaited++;
  }
  return awaited > 0;
}

/** Returns an effect that is done and may be what an undo without a mark is meant to reverse. */
export function strangerIn(state: Uint8Array, { strange }: ModelReaction): string | undefined {
  return strange.find(({ at }) => state[at] === DONE)?.name;
}

/** Whether a delivery has called the handler. */
export function hasRun({ reaction }: DeliverySource, choice: number): boolean {
  const kind = reaction?.choices[choice]?.kind;
  return kind === "success" || kind === "failure";
}

export function effectGone(
  { rolling }: Model,
  { service, entry }: ModelReaction,
  name: string,
): Violation {
  return {
    code: "EFFECT_GONE",
    service: rolling?.service,
    event: name,
    message:
      `${service.name} is to undo ${entry.undoes}, finds no mark of it, and does not know ` +
      `${name}, which is done`,
  };
}

export function dedupLost({ rolling }: Model, { of, gone }: AgainSource): Violation {
  return {
    code: "DEDUP_LOST",
    service: rolling?.service,
    event: of.types[0],
    message:
      `${of.types[0]} comes again and is handled again: ` +
      `${of.reaction?.service.name} does not have ${gone.join(", ")}, which has handled it`,
  };
}

/** Returns what is left for a version that does not run any more. */
export function strandedIn(model: Model, state: Uint8Array): readonly Violation[] {
  const phase = phaseBit(model, state);
  return (model.rolling?.stranded ?? []).flatMap(({ at, value, phases, violation }) => {
    const left = value === undefined ? state[at] !== 0 : state[at] === value;
    return left && (phases & phase) !== 0 ? [violation] : [];
  });
}
