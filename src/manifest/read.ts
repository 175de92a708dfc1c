import { parseDuration } from "../contract/duration.ts";
import { messageOf } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import {
  type DeadlineEntry,
  type EventEntry,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
  reactionName,
  type ServiceEntry,
  SILENT,
} from "./manifest.ts";
import { ManifestError, type Mistake } from "./mistakes.ts";
import {
  checkShape,
  type RawDeadline,
  type RawEvent,
  type RawManifest,
  type RawOutcome,
  type RawReaction,
  type RawService,
} from "./shape.ts";
import { parseJsonOrYaml } from "./text.ts";

/**
 * Reads a manifest from JSON, or from YAML if the file name ends in `.yaml` or `.yml`.
 * Throws `MANIFEST_INVALID` with the place of each mistake.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { readManifest } from "odori/manifest";
 *
 * const manifest = readManifest(readFileSync("order.yaml", "utf8"), "order.yaml");
 * ```
 */
export function readManifest(text: string, file = "manifest"): Manifest {
  const { value, place } = parseJsonOrYaml(file, text);
  return toManifest(value, file, place);
}

/**
 * Converts a parsed document to a manifest. `place` adds line and column to a mistake.
 * Throws `MANIFEST_INVALID` with at most 100 mistakes.
 *
 * @example
 * ```ts
 * import { toManifest } from "odori/manifest";
 *
 * const document: unknown = await (await fetch("https://registry.example/order.json")).json();
 * const manifest = toManifest(document, "order.json");
 * ```
 */
export function toManifest(
  value: unknown,
  file = "manifest",
  place: (mistake: Mistake) => Mistake = (mistake) => mistake,
): Manifest {
  const shape = checkShape(value);
  if ("mistakes" in shape) throw new ManifestError(file, shape.mistakes.slice(0, 100).map(place));
  const mistakes: Mistake[] = [];
  const manifest = convert(shape.raw, mistakes);
  if (mistakes.length > 0) throw new ManifestError(file, mistakes.slice(0, 100).map(place));
  return manifest;
}

type Path = readonly (string | number)[];

function convert(raw: RawManifest, mistakes: Mistake[]): Manifest {
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
  checkNames(raw, mistakes);
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
    inbox,
    fence,
    mayPark,
    unlinked,
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
    hears: on ?? all ?? [],
    undoes,
    emits,
    fails,
    once,
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
  return { name, after, unless, withinMs, emits, suppress: toMap(suppress) };
}

function toOutcomes(
  raw: readonly RawOutcome[] | undefined,
): readonly ManifestOutcome[] | undefined {
  if (raw === undefined || raw.length === 0) return undefined;
  return raw.map((outcome) => (typeof outcome === "string" ? [outcome] : outcome));
}

function toMap(record: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(record ?? {}));
}

/** Matches control and format characters: a name with one of them cannot be printed faithfully. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function checkNames(raw: RawManifest, mistakes: Mistake[]): void {
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === "string" && UNPRINTABLE.test(value))
      mistakes.push({ path, message: `${quote(value)} contains unprintable characters` });
    else if (Array.isArray(value))
      value.forEach((item, index) => void visit(item, [...path, index]));
    else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (UNPRINTABLE.test(key))
          mistakes.push({
            path: [...path, key],
            message: `${quote(key)} contains unprintable characters`,
          });
        // Schemas and summaries are free text; the code that prints them makes them safe.
        if (key !== "schema" && key !== "summary" && key !== "suppress" && !key.startsWith("x-"))
          visit(item, [...path, key]);
      }
    }
  };
  visit(raw, []);
}
