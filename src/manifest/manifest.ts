/*
 * The machine-readable choreography, as every tool reads it: names are strings, everything optional
 * has its default, and what came from code, from a file, or from several files that were merged
 * looks the same.
 */

/** The events emitted together; empty when silent. */
export type ManifestOutcome = readonly string[];

/** Codes of findings that are accepted at this place, each with the reason. */
export type Suppressions = ReadonlyMap<string, string>;

/** A JSON Schema, draft 2020-12. Not trusted: it may be anything that JSON can say. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean;

export interface EventEntry {
  readonly summary: string | undefined;
  readonly schema: JsonSchema | undefined;
  /** Fields of the payload that hold personal data on purpose. */
  readonly sensitive: readonly string[];
  readonly suppress: Suppressions;
}

export interface ReactionEntry {
  readonly kind: "step" | "undo" | "join";
  /** Undefined where it is the one that Odori gives. */
  readonly name: string | undefined;
  readonly hears: readonly string[];
  /** Of an undo: the effect that it reverses. */
  readonly undoes: string | undefined;
  /** Success outcomes, at least one; the silent one where nothing was declared. */
  readonly emits: readonly ManifestOutcome[];
  readonly fails: readonly ManifestOutcome[];
  readonly once: string | undefined;
  readonly max: number | undefined;
  /** At least one; the silent one where nothing was declared. */
  readonly late: readonly ManifestOutcome[];
  readonly onParked: string | undefined;
  readonly readonly: boolean;
  /** Its effects are told apart by a key, so that a saga may have several of one name. */
  readonly keyed: boolean;
  /** Of an undo with nothing to undo: whether its first event is emitted all the same. */
  readonly onEmpty: "ack" | "silent";
  readonly suppress: Suppressions;
}

export interface DeadlineEntry {
  readonly name: string | undefined;
  readonly after: string;
  readonly unless: readonly string[];
  readonly withinMs: number;
  readonly emits: string;
  readonly suppress: Suppressions;
}

export interface ServiceEntry {
  readonly name: string;
  readonly begins: readonly string[];
  readonly reactions: readonly ReactionEntry[];
  readonly deadlines: readonly DeadlineEntry[];
  /** Whether it recognises a message that comes again. */
  readonly inbox: boolean;
  /** Whether it knows, for each effect of a saga, if it is done, undone or barred. */
  readonly fence: boolean;
  /** Whether the checker is to explore that it gives up on a delivery. */
  readonly mayPark: boolean;
  /**
   * Read from a document that does not say what follows from what. Each of its events may follow
   * from each that it hears, or from none.
   */
  readonly unlinked: boolean;
  readonly suppress: Suppressions;
}

export interface LockEntry {
  readonly name: string;
  readonly acquire: string;
  readonly release: readonly string[];
}

export interface Manifest {
  readonly name: string;
  readonly begins: readonly string[];
  readonly succeeds: readonly string[];
  readonly fails: readonly string[];
  readonly external: readonly string[];
  readonly arrives: readonly string[];
  readonly pivots: readonly string[];
  readonly undoOrder: readonly (readonly [string, string])[];
  readonly oneOf: readonly (readonly string[])[];
  readonly locks: readonly LockEntry[];
  readonly events: ReadonlyMap<string, EventEntry>;
  readonly services: ReadonlyMap<string, ServiceEntry>;
  readonly suppress: Suppressions;
  /**
   * What consumers said of events that another service's manifest describes: service, then event.
   * Filled by merging.
   */
  readonly views: ReadonlyMap<string, ReadonlyMap<string, JsonSchema>>;
}

export const SILENT: readonly ManifestOutcome[] = [[]];

/** Whether the outcomes are what an absent declaration means. */
export function isSilent(outcomes: readonly ManifestOutcome[]): boolean {
  return outcomes.length === 1 && outcomes[0]?.length === 0;
}

/** The name that a reaction has unless another one is given: part of the inbox key. */
export function defaultReactionName({
  kind,
  hears,
  undoes,
}: Pick<ReactionEntry, "kind" | "hears" | "undoes">): string {
  if (kind === "undo") return `undo ${undoes}`;
  return kind === "join" ? `all ${hears.join("+")}` : hears.join("|");
}

export function reactionName(reaction: ReactionEntry): string {
  return reaction.name ?? defaultReactionName(reaction);
}

/** Every event that a reaction may emit, whatever happens. */
export function emittedTypes(reaction: ReactionEntry): readonly string[] {
  const parked = reaction.onParked === undefined ? [] : [reaction.onParked];
  return [
    ...new Set([
      ...reaction.emits.flat(),
      ...reaction.fails.flat(),
      ...reaction.late.flat(),
      ...parked,
    ]),
  ];
}
