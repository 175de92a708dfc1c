import { EffectNames } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import { hazardsOf, possibleRows, storedDeadline, storedReaction } from "../manifest/hazards.ts";
import {
  deadlineName,
  type Manifest,
  reactionName,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import type { Change } from "./change.ts";

/** Returns what changes for sagas that are under way: what they lose, then what they go on with. */
export function inFlightChanges(before: Manifest, after: Manifest): readonly Change[] {
  return [...after.services].flatMap(([service, is]) => {
    const was = before.services.get(service);
    if (was === undefined) return [];
    const notes = [
      ...sameEffects(was, is),
      ...stillUnderWay(was, is),
      ...newDeadlines(was, is),
      ...newReactions(was, is),
    ];
    return [...lost(service, was, is), ...notes.map((note) => noteOn(service, note))];
  });
}

/** Compares a service with what its sagas in flight may have in its database. */
function lost(service: string, was: ServiceEntry, is: ServiceEntry): readonly Change[] {
  return hazardsOf([was], is, possibleRows(was)).map(
    ({ code, message, hint, retiredAs }): Change => ({
      code: "IN_FLIGHT",
      breaking: true,
      kind: "state lost",
      service,
      message:
        `sagas in flight of ${service}: ${message} (${code}). ${hint} ` +
        `Or accept it: retired: { "${retiredAs}": "<reason>" }`,
      consumers: [],
    }),
  );
}

function noteOn(service: string, note: string): Change {
  return {
    code: "IN_FLIGHT",
    breaking: false,
    kind: "state kept",
    service,
    message: `sagas in flight of ${service}: ${note}`,
    consumers: [],
  };
}

/** Effects of which the event has another version now: their undo finds what was done before. */
function sameEffects(was: ServiceEntry, is: ServiceEntry): readonly string[] {
  const [old, now] = [new EffectNames(was), new EffectNames(is)];
  return [...now.undone].flatMap((effect) => {
    if (!old.all().has(effect)) return [];
    const [before, after] = [old.eventsOf(effect), now.eventsOf(effect)];
    const gone = before.filter((type) => !after.includes(type));
    if (gone.length === 0) return [];
    return [`what was done as ${gone.join(", ")} is the effect ${effect}, and its undo finds it`];
  });
}

/** Events that old processes emit until the last one stops, and that may then be on the bus. */
function stillUnderWay(was: ServiceEntry, is: ServiceEntry): readonly string[] {
  const now = new Set(emittedBy(is));
  const gone = [...new Set(emittedBy(was))].filter((type) => !now.has(type)).sort();
  if (gone.length === 0) return [];
  return [
    `old processes emit ${gone.join(", ")} until the last one stops, so hearers still need to ` +
      "read it; odori check --from --rolling explores it",
  ];
}

function newDeadlines(was: ServiceEntry, is: ServiceEntry): readonly string[] {
  const known = new Set(was.deadlines.map(storedDeadline));
  return is.deadlines
    .filter((entry) => !known.has(storedDeadline(entry)))
    .map(
      (entry) =>
        `${deadlineName(entry)} is armed only where a new process hears or emits ${entry.after}`,
    );
}

/** A message that an old process takes does not reach what only the new version has. */
function newReactions(was: ServiceEntry, is: ServiceEntry): readonly string[] {
  const known = new Set(was.reactions.map(storedReaction));
  const heard = new Set(was.reactions.flatMap(({ hears }) => hears.map(stemOf)));
  return is.reactions.flatMap((entry) => {
    const before = entry.hears.filter((type) => heard.has(stemOf(type)));
    if (known.has(storedReaction(entry)) || before.length === 0) return [];
    const types = before.join(", ");
    return [`${reactionName(entry)} does not see ${types} where an old process takes the message`];
  });
}

function emittedBy({ begins, reactions, deadlines }: ServiceEntry): readonly string[] {
  return [...begins, ...reactions.flatMap(typesEmittedBy), ...deadlines.flatMap(typesEmittedAt)];
}
