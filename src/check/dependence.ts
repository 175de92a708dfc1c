import { emissionsFrom, hasPivot } from "./merge.ts";
import {
  type Effect,
  type Model,
  type ModelDeadline,
  type ModelReaction,
  PIVOTED,
  type TransitionSource,
} from "./model.ts";

/**
 * Says which transitions may depend on each other's order, by variable: a byte of the state whose
 * order of accesses matters. Two transitions are dependent when both access a variable, and one of
 * them writes it. Pending counters and ends are left out, since additions commute.
 */
export interface Dependence {
  /** By source: the variables that it may write. */
  readonly writes: readonly (readonly number[])[];
  /** By source: the variables that it may read, and does not write. */
  readonly reads: readonly (readonly number[])[];
  /** By variable: the sources that may write it. */
  readonly writers: readonly (readonly number[])[];
  /** By variable: the sources that may read it, and do not write it. */
  readonly readers: readonly (readonly number[])[];
  /** By source: the sources that may enable it. */
  readonly feeders: readonly (readonly number[])[];
  /** By deadline: the sources that may arm it. */
  readonly arming: ReadonlyMap<ModelDeadline, readonly number[]>;
  /** By byte of a gathered event: the sources that may emit the event. */
  readonly gatherers: ReadonlyMap<number, readonly number[]>;
}

/** By failure end: the effects before and after whose undo it is explored. */
export type Watched = ReadonlyMap<string, ReadonlySet<Effect>>;

/**
 * Computes the dependence of a model's transitions. A failure end also reads the marks of the
 * effects that are watched for it.
 */
export function dependenceOf(model: Model, watched: Watched): Dependence {
  const pivots = hasPivot(model);
  const accesses = model.sources.map((source) => accessesOf(source, pivots, watched));
  const writes = accesses.map((one) => [...one.writes]);
  const reads = accesses.map((one) => [...one.reads].filter((at) => !one.writes.has(at)));
  const gatherers = new Map<number, Set<number>>();
  const feeders = model.sources.map(() => new Set<number>());
  const timers = new Map(
    model.sources.flatMap((source) =>
      source.kind === "deadline" ? [[source.deadline, source.index] as const] : [],
    ),
  );
  for (const source of model.sources) {
    const { index } = source;
    for (const { sources, gathers, touches } of emissionsFrom(source)) {
      for (const fed of sources) feeders[fed.index]?.add(index);
      for (const at of gathers) {
        const list = gatherers.get(at) ?? new Set();
        gatherers.set(at, list.add(index));
      }
      for (const { deadline, arms } of touches)
        if (arms) feeders[timers.get(deadline) ?? -1]?.add(index);
    }
    if (source.kind === "repeat") feeders[index]?.add(source.of.index);
    if (source.kind === "delivery" && source.deadline !== undefined && source.arms)
      feeders[timers.get(source.deadline) ?? -1]?.add(index);
  }
  return {
    writes,
    reads,
    writers: inverted(writes, model.size),
    readers: inverted(reads, model.size),
    feeders: feeders.map((set) => [...set]),
    arming: new Map(
      [...timers].map(([deadline, index]) => [deadline, [...(feeders[index] ?? [])]]),
    ),
    gatherers: new Map([...gatherers].map(([at, set]) => [at, [...set]])),
  };
}

interface Accesses {
  readonly writes: ReadonlySet<number>;
  readonly reads: ReadonlySet<number>;
}

function accessesOf(source: TransitionSource, pivots: boolean, watched: Watched): Accesses {
  const emissions = emissionsFrom(source);
  const writes = [
    ...(source.kind === "deadline" || source.kind === "arrival" ? [source.at] : []),
    ...writtenByDelivery(source),
    ...emissions.flatMap(({ touches, acquires, releases, pivot }) => [
      ...touches.map(({ deadline }) => deadline.at),
      ...acquires,
      ...releases,
      ...(pivot ? [PIVOTED] : []),
    ]),
  ];
  const notices = emissions.some(({ triggersUndo, end }) => triggersUndo || end === "failure");
  const { effects = [], keys = [], keptBy = [] } = reactionOf(source) ?? {};
  const reads = [
    ...effects.flatMap(({ after }) => after.map(({ at }) => at)),
    ...keys.flatMap(({ barredBy }) => barredBy.map(({ at }) => at)),
    ...keptBy,
    ...emissions.flatMap(({ type }) => [...(watched.get(type) ?? [])].map(({ at }) => at)),
    ...(pivots && notices ? [PIVOTED] : []),
  ];
  return { writes: new Set(writes), reads: new Set(reads) };
}

function reactionOf(source: TransitionSource): ModelReaction | undefined {
  if (source.kind === "deadline" || source.kind === "arrival") return undefined;
  return (source.kind === "repeat" ? source.of : source).reaction;
}

/** A delivery reads each mark that it may write, so that these are one list. */
function writtenByDelivery(source: TransitionSource): readonly number[] {
  const delivery = source.kind === "repeat" ? source.of : source;
  const own = delivery.kind === "delivery" ? ownOf(delivery) : [];
  const reaction = reactionOf(source);
  if (reaction === undefined) return own;
  const { effects, onceAt, maxAt, gatherAt, parts, firedAt, parkedAt } = reaction;
  const marks = [onceAt, maxAt, firedAt, parkedAt].filter((at) => at >= 0);
  const gathered = Array.from({ length: parts }, (_, part) => gatherAt + part);
  return [...own, ...marks, ...gathered, ...effects.map(({ at }) => at)];
}

function ownOf(delivery: Extract<TransitionSource, { kind: "delivery" }>): readonly number[] {
  const { deadline, repeatAt } = delivery;
  return [...(deadline === undefined ? [] : [deadline.at]), ...(repeatAt < 0 ? [] : [repeatAt])];
}

function inverted(lists: readonly (readonly number[])[], size: number): readonly number[][] {
  const by: number[][] = Array.from({ length: size }, () => []);
  for (const [source, list] of lists.entries()) for (const at of list) by[at]?.push(source);
  return by;
}
