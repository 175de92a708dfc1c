import { stemOf } from "../contract/grammar.ts";
import { entryOf } from "../manifest/fingerprint.ts";
import { storedReaction } from "../manifest/hazards.ts";
import { typesEmittedBy } from "../manifest/manifest.ts";
import type { StoredDeclaration } from "../ports/declarations.ts";

/** A reaction that hears an event. */
export interface Hearer {
  readonly service: string;
  /** The name under which the database keeps the reaction. */
  readonly reaction: string;
  /** When a version of the service first had it: milliseconds since 1970. */
  readonly since: number;
  /** True: it emits nothing in any case, so no saga goes on with it. Absent: it may emit. */
  readonly onlyListens?: true;
}

/** The reactions that hear an event, by the stem of its type. */
export type HearersOf = ReadonlyMap<string, readonly Hearer[]>;

/**
 * Finds what a service hears, in the declarations that its versions have put into its store. Only
 * what the version that ran last has, each since the first version that had it.
 *
 * @example
 * ```ts
 * import { hearersIn } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const store = sqlite("payment.db");
 * const hearers = hearersIn("payment", await store.declarations.all());
 * console.log(hearers.get("order.placed")?.[0]?.reaction);
 * ```
 */
export function hearersIn(service: string, stored: readonly StoredDeclaration[]): HearersOf {
  const hearers = new Map<string, Hearer[]>();
  const [last] = stored;
  if (last === undefined) return hearers;
  const since = new Map<string, number>();
  for (const { manifest, firstAt } of stored)
    for (const { stem, reaction } of heardIn(manifest, service)) {
      const key = JSON.stringify([stem, reaction]);
      since.set(key, Math.min(since.get(key) ?? firstAt, firstAt));
    }
  for (const { stem, reaction, onlyListens } of heardIn(last.manifest, service)) {
    const first = since.get(JSON.stringify([stem, reaction])) ?? last.firstAt;
    const hearer = { service, reaction, since: first, ...(onlyListens && { onlyListens }) };
    hearers.set(stem, [...(hearers.get(stem) ?? []), hearer]);
  }
  return hearers;
}

/** Each event and reaction once, also where a reaction hears two versions of an event. */
function heardIn(manifest: string, service: string) {
  const { reactions = [] } = entryOf(manifest, service) ?? {};
  return reactions.flatMap((entry) => {
    const stems = new Set(entry.hears.map(stemOf));
    const onlyListens = typesEmittedBy(entry).length === 0;
    return [...stems].map((stem) => ({ stem, reaction: storedReaction(entry), onlyListens }));
  });
}
