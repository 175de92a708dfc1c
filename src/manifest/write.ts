import { formatDuration } from "../contract/duration.ts";
import { escapeUnprintable } from "../text/printable.ts";
import {
  type DeadlineEntry,
  type EventEntry,
  isSilent,
  type Manifest,
  type ManifestOutcome,
  type ReactionEntry,
  type ServiceEntry,
  type Suppressions,
} from "./manifest.ts";

/**
 * Writes a manifest as canonical JSON: sorted keys, no defaults, no timestamps, two spaces of
 * indentation, unprintable characters escaped. Ends with a newline.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { manifestOf, writeManifest } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * writeFileSync("order.json", writeManifest(manifestOf(order)));
 * ```
 */
export function writeManifest(manifest: Manifest): string {
  return `${escapeUnprintable(JSON.stringify(sorted(toDocument(manifest)), undefined, 2))}\n`;
}

/**
 * Converts a manifest to the document that `toManifest` reads.
 *
 * @example
 * ```ts
 * import { manifestOf, toDocument } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const { name, services } = toDocument(manifestOf(order));
 * ```
 */
export function toDocument(manifest: Manifest): Record<string, unknown> {
  const { name, begins, succeeds, fails, external, arrives, pivots, undoOrder, oneOf, locks } =
    manifest;
  return {
    odori: 1,
    name,
    begins: some([...begins].sort()),
    succeeds: some([...succeeds].sort()),
    fails: some([...fails].sort()),
    external: some([...external].sort()),
    arrives: some([...arrives].sort()),
    pivots: some([...pivots].sort()),
    undoOrder: some(undoOrder),
    oneOf: some(oneOf),
    locks: some(locks),
    events: someEntries([...manifest.events].map(([type, event]) => [type, eventDocument(event)])),
    services: Object.fromEntries(
      [...manifest.services].map(([service, entry]) => [service, serviceDocument(entry)]),
    ),
    suppress: suppressions(manifest.suppress),
  };
}

function eventDocument({ summary, schema, sensitive, suppress }: EventEntry): unknown {
  return { summary, schema, sensitive: some(sensitive), suppress: suppressions(suppress) };
}

/** Converts a service to its document in a manifest. */
export function serviceDocument(service: ServiceEntry): Record<string, unknown> {
  return {
    begins: some([...service.begins].sort()),
    reactions: some(service.reactions.map(reactionDocument)),
    deadlines: some(service.deadlines.map(deadlineDocument)),
    alsoHears: someEntries([...service.alsoHears]),
    alsoEmits: someEntries([...service.alsoEmits]),
    inbox: service.inbox ? undefined : false,
    fence: service.fence ? undefined : false,
    mayPark: service.mayPark ? true : undefined,
    unlinked: service.unlinked ? true : undefined,
    retired: suppressions(service.retired),
    suppress: suppressions(service.suppress),
  };
}

/** Converts a reaction to its document in a manifest or an AsyncAPI operation. */
export function reactionDocument(reaction: ReactionEntry): Record<string, unknown> {
  const { kind, name, hears, undoes, emits, fails, once, max, late, onParked, onEmpty } = reaction;
  return {
    name,
    was: some(reaction.was),
    [kind === "join" ? "all" : "on"]: hears,
    optional: some(reaction.optional),
    effect: reaction.effect,
    effectWas: some(reaction.effectWas),
    undoes,
    emits: isSilent(emits) ? undefined : emits.map(outcomeDocument),
    fails: some(fails.map(outcomeDocument)),
    once,
    onceWas: some(reaction.onceWas),
    max,
    late: isSilent(late) ? undefined : late.map(outcomeDocument),
    onParked,
    readonly: reaction.readonly ? true : undefined,
    keyed: reaction.keyed === false ? undefined : reaction.keyed,
    onEmpty: onEmpty === "silent" ? onEmpty : undefined,
    suppress: suppressions(reaction.suppress),
  };
}

/** Converts a deadline to its document in a manifest. */
export function deadlineDocument({
  name,
  was,
  after,
  unless,
  withinMs,
  emits,
  onParked,
  suppress,
}: DeadlineEntry): Record<string, unknown> {
  return {
    name,
    was: some(was),
    after,
    within: formatDuration(withinMs),
    unless: some(unless),
    emits,
    onParked,
    suppress: suppressions(suppress),
  };
}

/** Returns the type itself for one event, else an array. */
function outcomeDocument(outcome: ManifestOutcome): string | ManifestOutcome {
  const [only] = outcome;
  return only !== undefined && outcome.length === 1 ? only : outcome;
}

function suppressions(suppress: Suppressions): unknown {
  return suppress.size === 0 ? undefined : Object.fromEntries(suppress);
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function someEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Copies a JSON value with sorted keys, at all depths, and without undefined values. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  // By code unit, because the order of a locale differs between machines.
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
