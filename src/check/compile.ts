import type { Manifest, ManifestOutcome } from "../manifest/manifest.ts";
import { changesNothing, emits, type Layout, layOut } from "./layout.ts";
import {
  type Beginning,
  type Choice,
  type ChoiceKind,
  EVERY_PHASE,
  type Model,
  type ModelEmission,
  type ModelReaction,
  type Post,
} from "./model.ts";
import { addRolling, postsOf } from "./rolling/sources.ts";
import { BOTH, homeOf, OLD_ALONE, phasesOf, type Versions } from "./rolling/versions.ts";

/**
 * Compiles a manifest for exploration. `versions` names two of its services that are versions of
 * one, while it is deployed.
 */
export function compile(manifest: Manifest, versions?: Versions): Model {
  const layout = layOut(manifest, versions);
  const taken = new Map<string, readonly Post[]>();
  const endless = manifest.succeeds.length + manifest.fails.length === 0;
  const rolling = versions && addRolling(layout, versions, manifest.services, taken, endless);
  const emission = emitter(manifest, layout, taken);
  const emitAll = (service: string | undefined, outcome: ManifestOutcome) =>
    outcome.map((type) => emission(service, type));
  for (const reaction of layout.reactions) addChoices(reaction, emitAll);
  for (const deadline of layout.deadlines)
    deadline.emits.push(emission(deadline.service.name, deadline.entry.emits));
  for (const type of manifest.arrives) {
    layout.sources.push({
      kind: "arrival",
      index: layout.sources.length,
      at: layout.bytes.take(),
      phases: EVERY_PHASE,
      type,
      emits: [emission(undefined, type)],
    });
  }
  const named = (type: string) => layout.effects.filter(({ events }) => events.has(type));
  for (const [first, second] of manifest.undoOrder)
    for (const effect of named(first)) effect.after.push(...named(second));
  const beginnings = manifest.begins.flatMap((type): Beginning[] => {
    const owners = [...manifest.services.values()].filter(({ begins }) => begins.includes(type));
    if (owners.length === 0) {
      const begun = { type, service: undefined, effect: undefined, emits: emitAll(undefined, [type]) };
      return phasesToBegin(versions, "").map((phase) => ({ ...begun, phase }));
    }
    return owners.flatMap(({ name }) => {
      const home = homeOf(versions, name);
      const effect = named(type).find(({ service }) => service === home);
      const begun = { type, service: name, effect, emits: emitAll(name, [type]) };
      return phasesToBegin(versions, name).map((phase) => ({ ...begun, phase }));
    });
  });
  const { sources, reactions, deadlines, effects, locks } = layout;
  const oneOf = manifest.oneOf.map((group) => group.flatMap(named));
  const { size, pendingEnd } = layout.bytes;
  return {
    size,
    pendingEnd,
    sources,
    reactions,
    deadlines,
    effects,
    beginnings,
    oneOf,
    locks,
    rolling,
  };
}

/** Sagas that begin when a deployment is over are those of the new version alone. */
function phasesToBegin(versions: Versions | undefined, service: string): readonly number[] {
  if (versions === undefined) return [OLD_ALONE];
  const phases = phasesOf(versions, service);
  return [OLD_ALONE, BOTH].filter((phase) => ((phases >>> phase) & 1) === 1);
}

type Emit = (service: string | undefined, type: string) => ModelEmission;

/** Makes emissions, and returns the same object for the same service and type. */
function emitter(
  manifest: Manifest,
  layout: Layout,
  taken: ReadonlyMap<string, readonly Post[]>,
): Emit {
  const undos = [...manifest.services.values()]
    .flatMap(({ reactions }) => reactions)
    .filter(({ kind }) => kind === "undo");
  const triggers = new Set(undos.flatMap(({ hears }) => hears));
  const known = new Map<string, ModelEmission>();
  const make: Emit = (service, type) => {
    const success = manifest.succeeds.includes(type);
    const own = layout.deadlines.filter(
      (deadline) => deadline.service.name === service && emits(deadline.service, type),
    );
    const sources = layout.deliveries.get(type) ?? [];
    const message = taken.get(type);
    const alone = sources.filter(
      ({ phases }) => message === undefined || phases === EVERY_PHASE,
    );
    const emitting = manifest.services.get(service ?? "");
    return {
      type,
      sources,
      posts: [...postsOf(alone), ...(message ?? [])],
      notes: emitting === undefined ? [] : layout.noted(emitting, type),
      touches: own.flatMap((deadline) => {
        const { after, unless } = deadline.entry;
        return after === type || unless.includes(type) ? [{ deadline, arms: after === type }] : [];
      }),
      end: success ? "success" : manifest.fails.includes(type) ? "failure" : undefined,
      endAt: layout.ends.get(type) ?? -1,
      pivot: manifest.pivots.includes(type),
      triggersUndo: triggers.has(type),
      acquires: layout.locks.filter(({ acquire }) => acquire === type).map(({ at }) => at),
      releases: layout.locks.filter(({ release }) => release.includes(type)).map(({ at }) => at),
      sinks: layout.sinks.get(type) ?? [],
    };
  };
  return (service, type) => {
    const key = JSON.stringify([service, type]);
    const emission = known.get(key) ?? make(service, type);
    known.set(key, emission);
    return emission;
  };
}

function addChoices(
  reaction: ModelReaction,
  emitAll: (service: string, outcome: ManifestOutcome) => readonly ModelEmission[],
): void {
  const { entry, service, effects, outcomeEffects, choices } = reaction;
  const add = (kind: ChoiceKind, outcome: ManifestOutcome, effect?: Choice["effect"]) => {
    choices.push({ index: choices.length, kind, emits: emitAll(service.name, outcome), effect });
  };
  for (const [place, outcome] of entry.emits.entries())
    add("success", outcome, outcomeEffects[place]);
  for (const outcome of entry.fails) add("failure", outcome);
  if (entry.once !== undefined || entry.max !== undefined)
    for (const outcome of entry.late) add("late", outcome);
  if (entry.kind === "undo")
    add(
      "acknowledge",
      entry.onEmpty === "ack" ? (entry.emits[0] ?? []).slice(0, 1) : [],
      effects[0],
    );
  // Giving up on what changes nothing leaves nothing undone.
  const mayPark = (service.mayPark && !changesNothing(reaction)) || reaction.strange.length > 0;
  if (mayPark) add("park", entry.onParked === undefined ? [] : [entry.onParked]);
}
