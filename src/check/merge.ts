import {
  type Choice,
  type Model,
  type ModelEmission,
  type ModelReaction,
  reactionRunBy,
  type TransitionSource,
} from "./model.ts";

/*
 * Conditions under which two reductions lose nothing: a second pending delivery is not counted, and
 * an event comes earlier or later.
 */

/**
 * Tells whether a reaction can do nothing with a second delivery, whichever choice it made with the
 * first one. One pending delivery then stands for any number.
 */
export function isOverAfterOne(reaction: ModelReaction): boolean {
  const { choices, onceAt, lateSilent } = reaction;
  // The second delivery may have another key.
  if (reaction.entry.kind === "join" || reaction.keys.length > 1) return false;
  // What passes `once` or `max` with an event may do so any number of times.
  if ((onceAt >= 0 || reaction.maxAt >= 0) && !lateSilent) return false;
  return choices.every((choice) => leavesNothing(reaction, choice));
}

function leavesNothing(
  { service, onceAt, maxAt, max }: ModelReaction,
  { kind, effect, emits }: Choice,
): boolean {
  const counted = onceAt >= 0 || (maxAt >= 0 && max === 1);
  switch (kind) {
    case "success":
      return counted || (service.fence && effect !== undefined);
    case "failure":
      return counted;
    case "acknowledge":
    // Only taken with an event, which is excluded above.
    case "late":
      return true;
    case "park":
    case "forget":
      // Without an event, the next delivery waits behind the parked one.
      return emits.length === 0;
  }
}

/**
 * Tells whether emitting events does nothing at once but set them on their way to their hearers. An
 * early event is then one that travels for longer, and a late one travels for less. An end, a
 * pivot, a lock or a deadline would notice when it is emitted.
 */
export function onlyTravels(emits: readonly ModelEmission[], pivots: boolean): boolean {
  return emits.every(
    ({ end, pivot, triggersUndo, acquires, releases, touches }) =>
      end === undefined &&
      !pivot &&
      !(pivots && triggersUndo) &&
      acquires.length + releases.length + touches.length === 0,
  );
}

/** Tells whether a saga may pass a pivot. */
export function hasPivot({ sources, beginnings }: Pick<Model, "sources" | "beginnings">): boolean {
  const emissions = [...sources.map(emissionsFrom), ...beginnings.map(({ emits }) => emits)];
  return emissions.some((list) => list.some(({ pivot }) => pivot));
}

/** Lists every event that the transitions of a source may emit. */
export function emissionsFrom(source: TransitionSource): Choice["emits"] {
  if (source.kind === "deadline") return source.deadline.choices.flatMap(({ emits }) => emits);
  if (source.kind === "arrival") return source.emits;
  return reactionRunBy(source)?.choices.flatMap(({ emits }) => emits) ?? [];
}
