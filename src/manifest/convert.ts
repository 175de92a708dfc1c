import { parseDuration } from "../contract/duration.ts";
import { messageOf } from "../contract/errors.ts";
import { quote, stemOf } from "../contract/grammar.ts";
import {
  type DeadlineEntry,
  type EventEntry,
  type Lineage,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
  reactionName,
  type ServiceEntry,
  SILENT,
} from "./manifest.ts";
import type { Mistake } from "./mistakes.ts";
import type {
  RawDeadline,
  RawEvent,
  RawManifest,
  RawOutcome,
  RawReaction,
  RawService,
} from "./shape.ts";

type Path = readonly (string | number)[];

/** Converts a document that fits the schema of manifests. Adds contradictions to `mistakes`. */
export function convert(raw: RawManifest, mistakes: Mistake[]): Manifest {
  const {
    name,
    begins = [],
    succeeds = [],
    fails = [],
    external = [],
    arrives = [],
    pivots = [],
    undoOrder = [],
    oneOf = [],
    locks = [],
  } = raw;
  for (const event of succeeds.filter((type) => fails.includes(type))) {
    mistakes.push({
      path: ["fails", fails.indexOf(event)],
      message: `${quote(event)} is in both succeeds and fails; list it in one of them`,
    });
  }
  const events = Object.entries(raw.events ?? {}).map(
    ([type, event]) => [type, toEvent(event)] as const,
  );
  const services = Object.entries(raw.services).map(
    ([service, entry]) =>
      [service, toService(service, entry, ["services", service], mistakes)] as const,
  );
  return {
    name,
    begins,
    succeeds,
    fails,
    external,
    arrives,
    pivots,
    undoOrder,
    oneOf,
    locks,
    events: new Map(events),
    services: new Map(services),
    suppress: toMap(raw.suppress),
    views: new Map(),
  };
}

function toEvent({ summary, schema, sensitive = [], suppress }: RawEvent): EventEntry {
  return { summary, schema, sensitive, suppress: toMap(suppress) };
}

function toService(name: string, raw: RawService, path: Path, mistakes: Mistake[]): ServiceEntry {
  const {
    begins = [],
    inbox = true,
    fence = true,
    mayPark = false,
    unlinked = false,
    suppress,
  } = raw;
  const reactions = (raw.reactions ?? []).map((reaction, index) =>
    toReaction(reaction, [...path, "reactions", index], mistakes),
  );
  const deadlines = (raw.deadlines ?? []).map((deadline, index) =>
    toDeadline(deadline, [...path, "deadlines", index], mistakes),
  );
  const seen = new Map<string, number>();
  reactions.forEach((reaction, index) => {
    const known = reactionName(reaction);
    const other = seen.get(known);
    // Position distinguishes two unnamed reactions that hear the same. Two reactions with one
    // declared name are a mistake.
    if (other !== undefined && reaction.name !== undefined) {
      mistakes.push({
        path: [...path, "reactions", index, "name"],
        message: `${quote(known)} is already the name of reaction ${other}`,
      });
    }
    seen.set(known, index);
  });
  return {
    name,
    begins,
    reactions,
    deadlines,
    alsoHears: toLineage(raw.alsoHears),
    alsoEmits: toLineage(raw.alsoEmits),
    inbox,
    fence,
    mayPark,
    unlinked,
    retired: toMap(raw.retired),
    suppress: toMap(suppress),
  };
}

function toReaction(raw: RawReaction, path: Path, mistakes: Mistake[]): ReactionEntry {
  const wrong = (message: string, ...at: Path) =>
    mistakes.push({ path: [...path, ...at], message });
  const { on, all, undoes, once, max, late, onEmpty } = raw;
  if (on === undefined && all === undefined) wrong('hears nothing: add "on" or "all"');
  if (on !== undefined && all !== undefined)
    wrong('has both "on" and "all": keep "on" for any event, or "all" for a join', "all");
  if (undoes !== undefined && all !== undefined)
    wrong('is not allowed in an undo: use "on"', "all");
  if (undoes === undefined && onEmpty !== undefined) wrong("is allowed only in an undo", "onEmpty");
  if (undoes !== undefined && raw.readonly === true)
    wrong("must not be true for an undo", "readonly");
  if (late !== undefined && once === undefined && max === undefined)
    wrong('needs "once" or "max": without them, a reaction is never late', "late");
  if (all !== undefined && raw.keyed === true) wrong("must not be true for a join", "keyed");
  if (undoes === undefined && raw.keyed === "all") wrong('is "all" only in an undo', "keyed");
  const { optional = [] } = raw;
  const stray = optional.find((type) => all?.includes(type) !== true);
  if (stray !== undefined) wrong(`names ${quote(stray)}, which is not in "all"`, "optional");
  if (all !== undefined && all.length > 0 && optional.length >= all.length)
    wrong("names every event of the join: it must wait for one", "optional");
  const emits = toOutcomes(raw.emits) ?? SILENT;
  const fails = toOutcomes(raw.fails) ?? [];
  const known = new Set<string>();
  for (const [list, outcomes] of [["emits", emits] as const, ["fails", fails] as const]) {
    outcomes.forEach((outcome, index) => {
      const key = JSON.stringify(outcome);
      if (known.has(key) && outcome.length > 0)
        wrong("is declared twice: declare each outcome once, in emits or fails", list, index);
      known.add(key);
    });
  }
  return {
    kind: all !== undefined ? "join" : undoes !== undefined ? "undo" : "step",
    name: raw.name,
    was: raw.was ?? [],
    hears: on ?? all ?? [],
    optional,
    effect: raw.effect,
    effectWas: raw.effectWas ?? [],
    undoes: undoes && stemOf(undoes),
    emits,
    fails,
    once,
    onceWas: raw.onceWas ?? [],
    max,
    late: toOutcomes(late) ?? SILENT,
    onParked: raw.onParked,
    readonly: raw.readonly ?? false,
    keyed: raw.keyed ?? false,
    onEmpty: onEmpty ?? "ack",
    suppress: toMap(raw.suppress),
  };
}

function toDeadline(raw: RawDeadline, path: Path, mistakes: Mistake[]): DeadlineEntry {
  const { name, after, unless = [], emits, within, suppress } = raw;
  if (unless.includes(after))
    mistakes.push({
      path: [...path, "unless"],
      message: "contains the event of after: an event cannot both arm it and call it off",
    });
  let withinMs = 1;
  try {
    withinMs = parseDuration(within);
  } catch (error) {
    mistakes.push({ path: [...path, "within"], message: messageOf(error) });
  }
  const { was = [], onParked } = raw;
  return { name, was, after, unless, withinMs, emits, onParked, suppress: toMap(suppress) };
}

function toOutcomes(
  raw: readonly RawOutcome[] | undefined,
): readonly ManifestOutcome[] | undefined {
  if (raw === undefined || raw.length === 0) return undefined;
  return raw.map((outcome) => (typeof outcome === "string" ? [outcome] : outcome));
}

function toLineage(record: Readonly<Record<string, readonly string[]>> | undefined): Lineage {
  return new Map(Object.entries(record ?? {}));
}

function toMap(record: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(record ?? {}));
}
