import { RETENTION_MS } from "../contract/retention.ts";
import type { Manifest, ManifestOutcome } from "../manifest/manifest.ts";
import { Ages } from "./ages.ts";
import { emits, type Layout, layOut } from "./layout.ts";
import type {
  Beginning,
  Choice,
  ChoiceKind,
  Model,
  ModelDeadline,
  ModelEmission,
  ModelReaction,
} from "./model.ts";
import { type Reductions, UNREDUCED } from "./reductions.ts";
import { symmetriesOf } from "./symmetry.ts";

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * For how long a service remembers a saga of which it hears nothing, in milliseconds.
   * @default 30 days
   */
  readonly retentionMs?: number;
  /**
   * What the exploration may leave out.
   * @default UNREDUCED
   */
  readonly reductions?: Reductions;
}

/** Compiles a manifest for exploration. */
export function compile(manifest: Manifest, options: CompileOptions = {}): Model {
  const { retentionMs = RETENTION_MS, reductions = UNREDUCED } = options;
  const layout = layOut(manifest, new Ages(manifest, retentionMs), reductions);
  const emission = emitter(manifest, layout);
  const emitAll = (service: string | undefined, outcome: ManifestOutcome) =>
    outcome.map((type) => emission(service, type));
  for (const reaction of layout.reactions) addChoices(reaction, emitAll);
  for (const deadline of layout.deadlines) addExpiries(deadline, emitAll);
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
  const failures = manifest.fails.map((type) => ({ type, at: layout.ends.get(type) ?? 0 }));
  const symmetries = reductions.symmetry ? symmetriesOf(manifest, { size, ...parts }) : [];
  return { reductions, size, pendingEnd, ...parts, failures, oneOf, locks, symmetries };
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

type EmitAll = (service: string, outcome: ManifestOutcome) => readonly ModelEmission[];

function addExpiries({ service, entry, choices }: ModelDeadline, emitAll: EmitAll): void {
  const add = (kind: ChoiceKind, outcome: ManifestOutcome) =>
    choices.push({
      ...NO_EFFECT,
      index: choices.length,
      kind,
      emits: emitAll(service.name, outcome),
    });
  add("success", [entry.emits]);
  if (service.mayPark) add("park", entry.onParked === undefined ? [] : [entry.onParked]);
}

const NO_EFFECT = { effect: undefined, closes: [], key: undefined };

function addChoices(reaction: ModelReaction, emitAll: EmitAll): void {
  const { entry, service, keys, outcomeEffects, choices } = reaction;
  const add = (
    kind: ChoiceKind,
    outcome: ManifestOutcome,
    marks: Pick<Choice, "effect" | "closes" | "key"> = NO_EFFECT,
  ) => {
    choices.push({ ...marks, index: choices.length, kind, emits: emitAll(service.name, outcome) });
  };
  const undo = entry.kind === "undo";
  const ofKey = (key: number, effect: Choice["effect"]) => ({
    effect,
    closes: undo ? (keys[key]?.effects ?? []) : [],
    key: keys.length > 1 ? key : undefined,
  });
  for (const key of keys.keys())
    for (const [place, outcome] of entry.emits.entries())
      add("success", outcome, ofKey(key, outcomeEffects[key]?.[place]));
  for (const outcome of entry.fails) add("failure", outcome);
  if (entry.once !== undefined || entry.max !== undefined)
    for (const outcome of entry.late) add("late", outcome);
  const answer = entry.onEmpty === "ack" ? (entry.emits[0] ?? []).slice(0, 1) : [];
  for (const [key, { effects }] of undo ? keys.entries() : [])
    add("acknowledge", answer, ofKey(key, effects[0]));
  if (service.mayPark) add("park", entry.onParked === undefined ? [] : [entry.onParked]);
  if (reaction.mayForget) add("forget", []);
}
