import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { type Emitting, type FlowGraph, flowGraph, type Hearing } from "../manifest/graph.ts";
import {
  type Manifest,
  type ManifestOutcome,
  typesEmittedAt,
  typesEmittedBy,
} from "../manifest/manifest.ts";

/** Describes one way in which an event is emitted. */
export interface EmittedBy {
  /** Null for an event from outside. */
  readonly service: string | null;
  readonly how: Emitting["how"] | "outside";
  /** The events that the service heard before; for a deadline, the event that armed it. */
  readonly hears: readonly string[];
}

/** Describes how a service reacts to an event. */
export interface Reacts {
  readonly service: string;
  readonly does: "reacts" | "undoes" | "joins" | "arms a deadline" | "calls a deadline off";
  /** For an undo: the effect that it reverses. */
  readonly effect?: string;
  /** For a join: the other events that it waits for. */
  readonly waitsFor?: readonly string[];
  readonly emits: readonly ManifestOutcome[];
  readonly fails: readonly ManifestOutcome[];
  readonly late: readonly ManifestOutcome[];
  readonly once?: string;
  readonly max?: number;
  /** For a deadline, in milliseconds. */
  readonly withinMs?: number;
}

/** Describes a later reaction. Reactions with the same turn may run in any order. */
export interface Follows extends Reacts {
  readonly turn: number;
  readonly hears: string;
}

/** Holds the answer of `explainEvent`. */
export interface Explanation {
  readonly event: string;
  readonly summary?: string;
  readonly begins: boolean;
  readonly succeeds: boolean;
  readonly fails: boolean;
  /** True if some service emits it as a failure, when parking, or at a deadline. */
  readonly failure: boolean;
  readonly external: boolean;
  readonly pivot: boolean;
  readonly emittedBy: readonly EmittedBy[];
  readonly heardBy: readonly Reacts[];
  readonly follows: readonly Follows[];
  /** Present if the event leads to undos: the undos by turn, and the ends that prove them over. */
  readonly undoing?: {
    readonly undone: readonly {
      readonly turn: number;
      readonly service: string;
      readonly effect: string;
      readonly on: string;
    }[];
    readonly over: readonly string[];
  };
  /**
   * Of each failure end that it is or leads to: the effects that may still be done once it is
   * emitted. Undefined for an end that was not proved.
   */
  readonly ends: readonly { readonly end: string; readonly stillDone?: readonly string[] }[];
}

/** What may still be done once a failure end has been emitted, as `odori check` explores it. */
export interface OpenEnds {
  /** By failure end. */
  readonly open: ReadonlyMap<string, ReadonlySet<string>>;
  readonly exhaustive: boolean;
}

/**
 * Explains an event: its emitters, the services that hear it, and the reactions that follow.
 * `name` may lack the version if there is only one. Throws `NOT_IN_CHOREOGRAPHY`.
 */
export function explainEvent(
  manifest: Manifest,
  name: string,
  { open, exhaustive }: OpenEnds,
): Explanation {
  const graph = flowGraph(manifest);
  const event = find(graph, name);
  const { begins, succeeds, fails, external, arrives, pivots, events } = manifest;
  const emitters = graph.emitters.get(event) ?? [];
  const outside = emitters.length === 0 && [...begins, ...arrives, ...external].includes(event);
  const follows = follow(graph, event);
  const undone = follows.flatMap(({ turn, service, does, effect, hears }) =>
    does === "undoes" && effect !== undefined ? [{ turn, service, effect, on: hears }] : [],
  );
  const failing = [
    ...new Set([
      event,
      ...follows.flatMap(({ emits, fails, late }) => [...emits, ...fails, ...late].flat()),
    ]),
  ].filter((type) => fails.includes(type));
  const ends = failing.map((end) => {
    const stillDone = [...(open.get(end) ?? [])];
    return { end, ...((exhaustive || stillDone.length > 0) && { stillDone }) };
  });
  const over = ends.filter(({ stillDone }) => stillDone?.length === 0).map(({ end }) => end);
  const summary = events.get(event)?.summary;
  return {
    event,
    ...(summary !== undefined && { summary }),
    begins: begins.includes(event),
    succeeds: succeeds.includes(event),
    fails: fails.includes(event),
    failure: emitters.some(({ how }) => how === "fails" || how === "parked" || how === "deadline"),
    external: external.includes(event),
    pivot: pivots.includes(event),
    emittedBy: [
      ...(outside ? [{ service: null, how: "outside" as const, hears: [] }] : []),
      ...emitters.map(({ service, how, reaction, deadline }) => ({
        service: service.name,
        how,
        hears: reaction?.hears ?? (deadline === undefined ? [] : [deadline.after]),
      })),
    ],
    heardBy: (graph.hearers.get(event) ?? []).map((hearing) => reacts(hearing, event)),
    follows,
    ...(undone.length > 0 && { undoing: { undone, over } }),
    ends,
  };
}

/** Finds an event by its type, or by its type without the version if there is only one. */
function find({ types }: FlowGraph, name: string): string {
  if (types.includes(name)) return name;
  const versions = types.filter((type) => type.replace(/\.v\d+$/, "") === name);
  const [only] = versions;
  if (only !== undefined && versions.length === 1) return only;
  const near =
    versions.length > 1
      ? versions
      : types.filter((type) => type.includes(name) || name.includes(type.split(".")[1] ?? type));
  const problem = `${quote(name)} is not an event of this choreography.`;
  throw new OdoriError("NOT_IN_CHOREOGRAPHY", problem, {
    hint:
      near.length > 0
        ? `Did you mean ${near.slice(0, 5).join(", ")}?`
        : `Choose from ${types.slice(0, 12).join(", ")}${types.length > 12 ? ", …" : ""}.`,
  });
}

function reacts({ service, reaction, deadline }: Hearing, event: string): Reacts {
  if (reaction !== undefined) {
    const { kind, undoes, hears, emits, fails, late, once, max } = reaction;
    return {
      service: service.name,
      does: kind === "undo" ? "undoes" : kind === "join" ? "joins" : "reacts",
      ...(undoes !== undefined && { effect: undoes }),
      ...(kind === "join" && { waitsFor: hears.filter((type) => type !== event) }),
      emits,
      fails,
      late: once === undefined && max === undefined ? [] : late,
      ...(once !== undefined && { once }),
      ...(max !== undefined && { max }),
    };
  }
  const arms = deadline?.after === event;
  return {
    service: service.name,
    does: arms ? "arms a deadline" : "calls a deadline off",
    emits: arms && deadline !== undefined ? [[deadline.emits]] : [],
    fails: [],
    late: [],
    ...(deadline !== undefined && { withinMs: deadline.withinMs }),
  };
}

/** Returns the reactions that follow, nearest first, each reaction to each event once. */
function follow(graph: FlowGraph, event: string): readonly Follows[] {
  const follows: Follows[] = [];
  const seen = new Set([event]);
  let types = [event];
  for (let turn = 1; types.length > 0; turn++) {
    const next = new Set<string>();
    for (const hears of types) {
      for (const hearing of graph.hearers.get(hears) ?? []) {
        follows.push({ turn, hears, ...reacts(hearing, hears) });
        const { reaction, deadline } = hearing;
        const emitted =
          reaction === undefined
            ? deadline?.after === hears
              ? typesEmittedAt(deadline)
              : []
            : typesEmittedBy(reaction);
        for (const type of emitted) if (!seen.has(type)) next.add(type);
      }
    }
    for (const type of next) seen.add(type);
    types = [...next];
  }
  return follows;
}
