import type { Manifest, ManifestOutcome } from "../manifest/manifest.ts";
import { emits, type Layout, layOut } from "./layout.ts";
import type {
  Beginning,
  Choice,
  ChoiceKind,
  Model,
  ModelEmission,
  ModelReaction,
} from "./model.ts";
import { type Reductions, UNREDUCED } from "./reductions.ts";
import { symmetriesOf } from "./symmetry.ts";

/** Compiles a manifest for exploration, with the reductions that the exploration may use. */
export function compile(manifest: Manifest, reductions: Reductions = UNREDUCED): Model {
  const layout = layOut(manifest, reductions);
  const emission = emitter(manifest, layout);
  const emitAll = (service: string | undefined, outcome: ManifestOutcome) =>
    outcome.map((type) => emission(service, type));
  for (const reaction of layout.reactions) addChoices(reaction, emitAll);
  for (const deadline of layout.deadlines)
    deadline.emits.push(emission(deadline.service.name, deadline.entry.emits));
  for (const type of manifest.arrives) {
    layout.sources.push({
      kind: "arrival",
      index: layout.sources.length,
      at: layout.bytes.take({ kind: "arrival", types: [type] }),
      type,
      emits: [emission(undefined, type)],
    });
  }
  const named = (type: string) => layout.effects.filter(({ events }) => events.has(type));
  for (const [first, second] of manifest.undoOrder)
    for (const effect of named(first)) effect.after.push(...named(second));
  const beginnings = manifest.begins.flatMap((type): Beginning[] => {
    const owners = [...manifest.services.values()].filter(({ begins }) => begins.includes(type));
    if (owners.length === 0)
      return [{ type, service: undefined, effect: undefined, emits: emitAll(undefined, [type]) }];
    return owners.map(({ name }) => {
      const effect = named(type).find(({ service }) => service === name);
      return { type, service: name, effect, emits: emitAll(name, [type]) };
    });
  });
  const { sources, reactions, deadlines, effects, locks } = layout;
  const oneOf = manifest.oneOf.map((group) => group.flatMap(named));
  const { size, pendingEnd, variables } = layout.bytes;
  const parts = { sources, reactions, deadlines, effects, beginnings, variables };
  const symmetries = reductions.symmetry ? symmetriesOf(manifest, { size, ...parts }) : [];
  return { reductions, size, pendingEnd, ...parts, oneOf, locks, symmetries };
}

type Emit = (service: string | undefined, type: string) => ModelEmission;

/** Makes emissions, and returns the same object for the same service and type. */
function emitter(manifest: Manifest, layout: Layout): Emit {
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
    return {
      type,
      sources: layout.deliveries.get(type) ?? [],
      gathers: layout.gathers.get(type) ?? [],
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
  if (service.mayPark) add("park", entry.onParked === undefined ? [] : [entry.onParked]);
}
