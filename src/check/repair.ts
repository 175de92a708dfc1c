import { stemOf } from "../contract/grammar.ts";
import type { Manifest, ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";
import { reactionName, SILENT, typesEmittedBy } from "../manifest/manifest.ts";
import { type CompileOptions, compile } from "./compile.ts";
import { type Exploration, explore } from "./explore.ts";
import type { Finding, Repair } from "./finding.ts";
import type { Model } from "./model.ts";
import { violationKey } from "./violation.ts";

/** Holds a change to try, and a function that makes the changed manifest. */
interface Candidate {
  readonly repair: Repair;
  readonly apply: () => Manifest;
}

interface RepairOptions extends CompileOptions {
  readonly millisecondsMax?: number;
}

/** Tries at most this many changes per finding. */
const CANDIDATES_MAX = 400;
/** A repaired choreography has about as many states as the broken one: allow 4 times as many. */
const GROWTH_MAX = 4;
const STATES_LEAST = 2_000;
const REPAIRS_SHOWN = 3;
/** The repair of a long counterexample is mostly near its end: use its last events. */
const EVENTS_LOOKED_AT = 30;

/** Bounds the bytes of all states that one report visits for repairs: about a second of work. */
const WORK_MAX_BYTES = 1 << 27;
/** Bounds the time for all repairs of one report. */
const MILLISECONDS_MAX = 10_000;

/**
 * Searches for changes that remove a finding and add none. Each candidate is applied, and the whole
 * choreography is explored again. The order is: undos of the service at fault that hear a failure,
 * then other undos, then other reactions.
 */
export class RepairSearch {
  readonly #manifest: Manifest;
  readonly #before: ReadonlySet<string>;
  readonly #statesMax: number;
  readonly #compiling: CompileOptions;
  #bytesLeft = WORK_MAX_BYTES;
  readonly #deadline: number;

  /** `explored` is the exploration of the manifest as it is. */
  constructor(
    manifest: Manifest,
    model: Model,
    explored: Exploration,
    { millisecondsMax = Number.POSITIVE_INFINITY, ...compiling }: RepairOptions = {},
  ) {
    this.#compiling = compiling;
    this.#deadline = performance.now() + Math.min(MILLISECONDS_MAX, millisecondsMax);
    this.#manifest = manifest;
    this.#before = brokenIn(model, explored);
    this.#statesMax = Math.max(STATES_LEAST, explored.states * GROWTH_MAX);
  }

  /** Returns up to three verified repairs, the most likely first. */
  repairsFor(finding: Finding, key: string): readonly Repair[] {
    const found: Repair[] = [];
    for (const { repair, apply } of candidates(this.#manifest, finding).slice(0, CANDIDATES_MAX)) {
      const millisecondsMax = this.#deadline - performance.now();
      if (this.#bytesLeft <= 0 || millisecondsMax <= 0 || found.length === REPAIRS_SHOWN) break;
      const model = compile(apply(), this.#compiling);
      const statesMax = Math.min(this.#statesMax, Math.ceil(this.#bytesLeft / model.size));
      const explored = explore(model, { statesMax, millisecondsMax });
      this.#bytesLeft -= explored.states * model.size;
      if (!explored.exhaustive) continue;
      const after = brokenIn(model, explored);
      const better =
        !after.has(key) &&
        after.size < this.#before.size &&
        [...after].every((broken) => this.#before.has(broken));
      if (better) found.push(repair);
    }
    return found;
  }
}

/** Returns a key for each rule that exploration found broken. */
function brokenIn(
  model: Model,
  { counterexamples, succeeded, ran }: Exploration,
): ReadonlySet<string> {
  const keys = new Set(counterexamples.map(({ violation }) => violationKey(violation)));
  if (!succeeded) keys.add("NO_SUCCESS");
  for (const { index, service, entry } of model.reactions)
    if (ran[index] === 0) keys.add(`DEAD_REACTION ${service.name} ${reactionName(entry)}`);
  return keys;
}

function candidates(manifest: Manifest, { code, at, trace = [] }: Finding): readonly Candidate[] {
  const emitted = [...new Set(trace.flatMap(({ emits }) => emits))].slice(-EVENTS_LOOKED_AT);
  const concerned = new Set([
    at.service,
    ...trace.slice(-EVENTS_LOOKED_AT).map(({ service }) => service),
  ]);
  const failures = new Set(
    [...manifest.services.values()].flatMap(({ reactions }) =>
      reactions.flatMap(({ fails }) => fails.flat()),
    ),
  );
  const all = [
    ...(code === "UNBOUNDED_LOOP" ? boundLoop(manifest, concerned, trace) : []),
    ...(code === "MIXED_END" || code === "DOUBLE_END" ? firstWins(manifest) : []),
    ...hearMore(manifest, concerned, emitted, failures),
    ...(code === "NO_UNDO" ? addUndo(manifest, at.service, at.event, emitted) : []),
  ];
  return all
    .map((candidate, index) => ({
      candidate,
      index,
      rank: rankOf(candidate.repair, at.service, failures),
    }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ candidate }) => candidate);
}

function rankOf(
  repair: Repair,
  service: string | undefined,
  failures: ReadonlySet<string>,
): number {
  if (!("alsoOn" in repair)) return 0;
  const [event = ""] = repair.alsoOn;
  return (
    (repair.undoes === undefined ? 4 : 0) +
    (repair.service === service ? 0 : 2) +
    (failures.has(event) ? 0 : 1)
  );
}

/**
 * Lets each reaction hear each event of the counterexample that it does not hear yet. Only undos
 * may hear a failure.
 */
function hearMore(
  manifest: Manifest,
  concerned: ReadonlySet<string | null | undefined>,
  emitted: readonly string[],
  failures: ReadonlySet<string>,
): readonly Candidate[] {
  return reactionsOf(manifest, concerned).flatMap(({ service, reaction }) => {
    if (reaction.kind === "join") return [];
    // A service need not hear its own events over the bus.
    const own = new Set(service.reactions.flatMap(typesEmittedBy));
    return emitted
      .filter((type) => !own.has(type))
      .filter((type) => reaction.kind === "undo" || !failures.has(type))
      .filter((type) => !reaction.hears.includes(type) && stemOf(type) !== reaction.undoes)
      .map((type) => {
        const what =
          reaction.undoes === undefined ? { on: reaction.hears } : { undoes: reaction.undoes };
        return {
          repair: { service: service.name, ...what, alsoOn: [type] },
          apply: () =>
            withReaction(manifest, service, reaction, {
              ...reaction,
              hears: [...reaction.hears, type],
            }),
        };
      });
  });
}

/** Adds the missing undo of an effect, once for each event of the counterexample. */
function addUndo(
  manifest: Manifest,
  name: string | undefined,
  effect: string | undefined,
  emitted: readonly string[],
): readonly Candidate[] {
  const service = manifest.services.get(name ?? "");
  if (service === undefined || effect === undefined) return [];
  return emitted
    .filter((type) => type !== effect)
    .map((type) => {
      const undo: ReactionEntry = {
        kind: "undo",
        name: undefined,
        was: [],
        hears: [type],
        optional: [],
        effect: undefined,
        effectWas: [],
        undoes: stemOf(effect),
        emits: SILENT,
        fails: [],
        once: undefined,
        onceWas: [],
        max: undefined,
        late: SILENT,
        onParked: undefined,
        readonly: false,
        keyed: false,
        onEmpty: "ack",
        suppress: new Map(),
      };
      return {
        repair: { service: service.name, addUndo: effect, on: [type] },
        apply: () => withService(manifest, { ...service, reactions: [...service.reactions, undo] }),
      };
    });
}

/** Gives the ending reactions of one service the same `once` name, so that the first wins. */
function firstWins(manifest: Manifest): readonly Candidate[] {
  const ends = new Set([...manifest.succeeds, ...manifest.fails]);
  return [...manifest.services.values()].flatMap((service) => {
    const ending = service.reactions.filter(
      ({ once, emits, fails }) =>
        once === undefined && [...emits, ...fails].flat().some((type) => ends.has(type)),
    );
    if (ending.length === 0) return [];
    const reactions = service.reactions.map((reaction) =>
      ending.includes(reaction) ? { ...reaction, once: "end" } : reaction,
    );
    return [
      {
        repair: { service: service.name, once: "end", reactions: ending.map(reactionName) },
        apply: () => withService(manifest, { ...service, reactions }),
      },
    ];
  });
}

function boundLoop(
  manifest: Manifest,
  concerned: ReadonlySet<string | null | undefined>,
  trace: NonNullable<Finding["trace"]>,
): readonly Candidate[] {
  const passed = new Set(trace.map(({ service, hears }) => `${service} ${hears}`));
  return reactionsOf(manifest, concerned).flatMap(({ service, reaction }) => {
    if (
      reaction.max !== undefined ||
      !reaction.hears.some((type) => passed.has(`${service.name} ${type}`))
    )
      return [];
    const max = 3;
    return [
      {
        repair: { service: service.name, reaction: reactionName(reaction), max },
        apply: () => withReaction(manifest, service, reaction, { ...reaction, max }),
      },
    ];
  });
}

function reactionsOf({ services }: Manifest, concerned: ReadonlySet<string | null | undefined>) {
  return [...services.values()]
    .filter(({ name }) => concerned.has(name))
    .flatMap((service) => service.reactions.map((reaction) => ({ service, reaction })));
}

function withReaction(
  manifest: Manifest,
  service: ServiceEntry,
  old: ReactionEntry,
  changed: ReactionEntry,
): Manifest {
  return withService(manifest, {
    ...service,
    reactions: service.reactions.map((reaction) => (reaction === old ? changed : reaction)),
  });
}

function withService(manifest: Manifest, service: ServiceEntry): Manifest {
  return { ...manifest, services: new Map([...manifest.services, [service.name, service]]) };
}
