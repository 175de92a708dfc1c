import { stemOf } from "../contract/grammar.ts";
import { RETENTION_MS } from "../contract/retention.ts";
import { emittedIfEmpty, type Manifest, type ManifestOutcome } from "../manifest/manifest.ts";
import { Ages } from "./ages.ts";
import { changesNothing, emits, type Layout, layOut } from "./layout.ts";
import {
  type Beginning,
  type Choice,
  type ChoiceKind,
  EVERY_PHASE,
  type Model,
  type ModelDeadline,
  type ModelEmission,
  type ModelReaction,
  type Post,
} from "./model.ts";
import { inDeployment, type Reductions, UNREDUCED } from "./reductions.ts";
import { addRolling, postsOf } from "./rolling/sources.ts";
import { homeOf, phasesToBegin, type Versions } from "./rolling/versions.ts";
import { symmetriesOf } from "./symmetry.ts";

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * For how long a service remembers a saga of which it hears nothing, in milliseconds.
   * @default 30 days
   */
  readonly retentionMs?: number;
  /** Two services of the manifest that are versions of one, while it is deployed. */
  readonly versions?: Versions;
  /**
   * What the exploration may leave out.
   * @default UNREDUCED
   */
  readonly reductions?: Reductions;
}

/** Compiles a manifest for exploration. */
export function compile(manifest: Manifest, options: CompileOptions = {}): Model {
  const { retentionMs = RETENTION_MS, versions } = options;
  const asked = options.reductions ?? UNREDUCED;
  const reductions = versions === undefined ? asked : inDeployment(asked);
  const layout = layOut(manifest, new Ages(manifest, retentionMs), reductions, versions);
  const taken = new Map<string, readonly Post[]>();
  const rolling = versions && addRolling(layout, versions, manifest, taken);
  const emission = emitter(manifest, layout, taken);
  const emitAll = (service: string | undefined, outcome: ManifestOutcome) =>
    outcome.map((type) => emission(service, type));
  for (const reaction of layout.reactions) addChoices(reaction, emitAll);
  for (const deadline of layout.deadlines) addExpiries(deadline, emitAll);
  for (const type of manifest.arrives) {
    layout.sources.push({
      kind: "arrival",
      index: layout.sources.length,
      at: layout.bytes.take({ kind: "arrival", types: [type] }),
      phases: EVERY_PHASE,
      type,
      emits: [emission(undefined, type)],
    });
  }
  // Versions do not count: an effect has its fact's name.
  const named = (type: string) =>
    layout.effects.filter(({ events }) => [...events].some((one) => stemOf(one) === stemOf(type)));
  for (const [first, second] of manifest.undoOrder)
    for (const effect of named(first)) effect.after.push(...named(second));
  const beginnings = manifest.begins.flatMap((type): Beginning[] => {
    const owners = [...manifest.services.values()].filter(({ begins }) => begins.includes(type));
    if (owners.length === 0) {
      const emits = emitAll(undefined, [type]);
      const begun = { type, service: undefined, effect: undefined, emits };
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
  const { size, pendingEnd, variables } = layout.bytes;
  const parts = { sources, reactions, deadlines, effects, beginnings, variables };
  const failures = manifest.fails.map((type) => ({ type, at: layout.ends.get(type) ?? 0 }));
  const symmetries = reductions.symmetry ? symmetriesOf(manifest, { size, ...parts }) : [];
  const all = { ...parts, failures, oneOf, locks };
  return { reductions, size, pendingEnd, ...all, symmetries, rolling };
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
    const alone = sources.filter(({ phases }) => message === undefined || phases === EVERY_PHASE);
    const emitting = manifest.services.get(service ?? "");
    return {
      type,
      sources,
      posts: [...postsOf(alone), ...(message ?? [])],
      gathers: layout.gathers.get(type) ?? [],
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
  const told = emittedIfEmpty(entry);
  const answer = told === undefined ? [] : [told];
  for (const [key, { effects }] of undo ? keys.entries() : [])
    add("acknowledge", answer, ofKey(key, effects[0]));
  // Giving up on what changes nothing leaves nothing undone.
  const mayPark = (service.mayPark && !changesNothing(reaction)) || reaction.strange.length > 0;
  if (mayPark) add("park", entry.onParked === undefined ? [] : [entry.onParked]);
  if (reaction.mayForget) add("forget", []);
}
