import { stemOf } from "../contract/grammar.ts";
import { defaultDeadlineName, defaultName } from "../contract/names.ts";

/*
 * The machine-readable choreography that every tool reads. Names are strings, and every optional
 * field has its default. A manifest from code, from a file or from a merge looks the same.
 */

/** Lists event types that are emitted together. Empty for the silent outcome. */
export type ManifestOutcome = readonly string[];

/** Maps the code of each finding that is accepted here to the reason. */
export type Suppressions = ReadonlyMap<string, string>;

/** A JSON Schema, draft 2020-12. Not trusted: it may be any JSON. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean;

/** Describes one event. */
export interface EventEntry {
  readonly summary: string | undefined;
  readonly schema: JsonSchema | undefined;
  /** Fields of the payload that hold personal data on purpose. */
  readonly sensitive: readonly string[];
  readonly suppress: Suppressions;
}

/** Describes one reaction of a service. */
export interface ReactionEntry {
  readonly kind: "step" | "undo" | "join";
  /** Undefined for the default name. */
  readonly name: string | undefined;
  /** Names that it had before, oldest first. The inbox keeps the oldest. */
  readonly was: readonly string[];
  readonly hears: readonly string[];
  /** For a join: the events of `hears` for which it does not wait. */
  readonly optional: readonly string[];
  /** The declared name of its effect. Undefined for the stem of an event. */
  readonly effect: string | undefined;
  /** Names that its effect had before, oldest first. */
  readonly effectWas: readonly string[];
  /** For an undo: the name of the effect that it reverses. */
  readonly undoes: string | undefined;
  /** Success outcomes, at least one.
   * @default [[]], the silent outcome
   */
  readonly emits: readonly ManifestOutcome[];
  /** Failure outcomes. They leave no effect. */
  readonly fails: readonly ManifestOutcome[];
  /** The first reaction of the service with this name wins in a saga. `firstOf` in code. */
  readonly once: string | undefined;
  /** Names that `once` had before, oldest first. */
  readonly onceWas: readonly string[];
  /** How often it may run in one saga. */
  readonly max: number | undefined;
  /** Outcomes once `once` is taken or `max` is reached, at least one.
   * @default [[]], the silent outcome
   */
  readonly late: readonly ManifestOutcome[];
  /** The event to emit when a delivery is parked. */
  readonly onParked: string | undefined;
  /** True if it has no effect to undo. */
  readonly readonly: boolean;
  /**
   * True if a key distinguishes its effects: a saga may then have several of one name. `all`, of an
   * undo: it reverses the effects of all keys at once.
   */
  readonly keyed: boolean | "all";
  /** For an undo with nothing to undo: `ack` emits its first event, `silent` emits nothing. */
  readonly onEmpty: "ack" | "silent";
  readonly suppress: Suppressions;
}

/** Describes one deadline of a service. */
export interface DeadlineEntry {
  readonly name: string | undefined;
  /** Names that it had before, oldest first. The inbox keeps the oldest. */
  readonly was: readonly string[];
  /** The event that arms it, heard or emitted by the service. */
  readonly after: string;
  /** The events that call it off, heard or emitted by the service. */
  readonly unless: readonly string[];
  /** Time between arming and firing, in milliseconds. */
  readonly withinMs: number;
  readonly emits: string;
  /** The event to emit when the deadline is parked. */
  readonly onParked: string | undefined;
  readonly suppress: Suppressions;
}

/** Maps an event to the older versions of it that a service reads or writes as well. */
export type Lineage = ReadonlyMap<string, readonly string[]>;

/** Describes one service. */
export interface ServiceEntry {
  readonly name: string;
  readonly begins: readonly string[];
  readonly reactions: readonly ReactionEntry[];
  readonly deadlines: readonly DeadlineEntry[];
  /** Older versions that the service hears in place of an event: upcasts. */
  readonly alsoHears: Lineage;
  /** Older versions that the service publishes with an event. */
  readonly alsoEmits: Lineage;
  /** True if the service recognises a duplicate message. */
  readonly inbox: boolean;
  /** True if the service records whether each effect is done, undone or barred. */
  readonly fence: boolean;
  /** True if the checker explores that the service parks deliveries. */
  readonly mayPark: boolean;
  /**
   * True if the source does not link the events that the service emits to those that it hears. Each
   * event may then follow from any heard event, or from none.
   */
  readonly unlinked: boolean;
  /** Parts that it has given up though rows of them may be left, each with the reason. */
  readonly retired: Suppressions;
  readonly suppress: Suppressions;
}

/** Describes a semantic lock: a saga holds it from `acquire` to one of `release`. */
export interface LockEntry {
  readonly name: string;
  readonly acquire: string;
  readonly release: readonly string[];
}

/** Describes a choreography: its services, its events, and how its sagas begin and end. */
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
   * Schemas that consumers declare for events of other services: by service, then by event. Merging
   * fills it.
   */
  readonly views: ReadonlyMap<string, ReadonlyMap<string, JsonSchema>>;
}

/** The default list of outcomes: only the silent one. */
export const SILENT: readonly ManifestOutcome[] = [[]];

/** Tells whether the outcomes equal the default `SILENT`. */
export function isSilent(outcomes: readonly ManifestOutcome[]): boolean {
  return outcomes.length === 1 && outcomes[0]?.length === 0;
}

/**
 * Returns the name of a reaction, declared or default. A reaction to several events, or a join,
 * needs a name in code. In a manifest without one, a list of events stands for it.
 */
export function reactionName({
  name,
  kind,
  hears,
  undoes,
}: Pick<ReactionEntry, "name" | "kind" | "hears" | "undoes">): string {
  return name ?? defaultName({ kind, hears, undoes }) ?? listName(kind, hears);
}

function listName(kind: ReactionEntry["kind"], hears: readonly string[]): string {
  const stems = [...new Set(hears.map(stemOf))].sort();
  return kind === "join" ? `all ${stems.join("+")}` : stems.join("|");
}

/** Returns the name of a deadline, declared or default. */
export function deadlineName({ name, emits }: Pick<DeadlineEntry, "name" | "emits">): string {
  return name ?? defaultDeadlineName(emits);
}

/** Returns every event type that a reaction may emit, in all outcomes and when parking. */
export function typesEmittedBy(reaction: ReactionEntry): readonly string[] {
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

/** Returns every event type that a deadline may emit: when it fires, and when it is parked. */
export function typesEmittedAt({ emits, onParked }: DeadlineEntry): readonly string[] {
  return onParked === undefined || onParked === emits ? [emits] : [emits, onParked];
}
