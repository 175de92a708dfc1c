import { emissionsFrom, hasPivot } from "./merge.ts";
import {
  type DeliverySource,
  deliveryMadeBy,
  type Effect,
  type Model,
  type ModelDeadline,
  PIVOTED,
  reactionRunBy,
  type TransitionSource,
} from "./model.ts";
import { feedersInDeployment, writtenInDeployment } from "./rolling/dependence.ts";

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
  const accesses = model.sources.map((source) => accessesOf(model, source, pivots, watched));
  const writes = accesses.map((one) => [...one.writes]);
  const reads = accesses.map((one) => [...one.reads].filter((at) => !one.writes.has(at)));
  const feeders = feedersOf(model);
  const timers = model.sources.filter((source) => source.kind === "deadline");
  return {
    writes,
    reads,
    writers: inverted(writes, model.size),
    readers: inverted(reads, model.size),
    feeders,
    arming: new Map(timers.map(({ deadline, index }) => [deadline, feeders[index] ?? []])),
    gatherers: gatherersOf(model),
  };
}

/**
 * Lists by source what may enable it. Two versions of a part share the byte that says whether they
 * are enabled, so that sources are fed by byte.
 */
function feedersOf(model: Model): readonly (readonly number[])[] {
  const byByte = new Map<number, Set<number>>();
  const feed = (at: number, index: number) => {
    const list = byByte.get(at) ?? new Set();
    byByte.set(at, list.add(index));
  };
  for (const source of model.sources) {
    const { index } = source;
    for (const { posts, touches } of emissionsFrom(source)) {
      for (const { at } of posts) feed(at, index);
      for (const { deadline, arms } of touches) if (arms) feed(deadline.at, index);
    }
    const { deadline, arms, repeatAt = -1 } = deliveryMadeBy(source) ?? {};
    if (deadline !== undefined && arms) feed(deadline.at, index);
    if (source.kind === "delivery" && repeatAt >= 0) feed(repeatAt, index);
    if (source.kind === "take")
      for (const at of [...source.gives, ...source.again]) feed(at, index);
  }
  const inDeployment = feedersInDeployment(model);
  // The byte of a join is written when it runs, and says nothing of what feeds it.
  return model.sources.map((source) => [
    ...new Set([
      ...(source.kind === "join" ? [] : (byByte.get(source.at) ?? [])),
      ...inDeployment(source),
    ]),
  ]);
}

/** Lists by byte of a gathered event what may emit the event. */
function gatherersOf({ sources }: Model): ReadonlyMap<number, readonly number[]> {
  const gatherers = new Map<number, Set<number>>();
  for (const source of sources)
    for (const at of emissionsFrom(source).flatMap(({ gathers }) => gathers))
      gatherers.set(at, (gatherers.get(at) ?? new Set()).add(source.index));
  return new Map([...gatherers].map(([at, set]) => [at, [...set]]));
}

interface Accesses {
  readonly writes: ReadonlySet<number>;
  readonly reads: ReadonlySet<number>;
}

function accessesOf(
  model: Model,
  source: TransitionSource,
  pivots: boolean,
  watched: Watched,
): Accesses {
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
    ...writtenInDeployment(model, source, emissions),
  ];
  const notices = emissions.some(({ triggersUndo, end }) => triggersUndo || end === "failure");
  const { effects = [], keys = [], keptBy = [] } = reactionRunBy(source) ?? {};
  const reads = [
    ...effects.flatMap(({ after }) => after.map(({ at }) => at)),
    ...keys.flatMap(({ barredBy }) => barredBy.map(({ at }) => at)),
    ...keptBy,
    ...emissions.flatMap(({ type }) => [...(watched.get(type) ?? [])].map(({ at }) => at)),
    ...(pivots && notices ? [PIVOTED] : []),
  ];
  return { writes: new Set(writes), reads: new Set(reads) };
}

/** A delivery reads each mark that it may write, so that these are one list. */
function writtenByDelivery(source: TransitionSource): readonly number[] {
  const delivery = deliveryMadeBy(source);
  const own = delivery === undefined ? [] : ownOf(delivery);
  const reaction = reactionRunBy(source);
  if (reaction === undefined) return own;
  const { effects, onceAt, maxAt, gatherAt, parts, firedAt, parkedAt } = reaction;
  const marks = [onceAt, maxAt, firedAt, parkedAt].filter((at) => at >= 0);
  const gathered = Array.from({ length: parts }, (_, part) => gatherAt + part);
  return [...own, ...marks, ...gathered, ...effects.map(({ at }) => at)];
}

function ownOf({ deadline, repeatAt }: DeliverySource): readonly number[] {
  return [...(deadline === undefined ? [] : [deadline.at]), ...(repeatAt < 0 ? [] : [repeatAt])];
}

function inverted(lists: readonly (readonly number[])[], size: number): readonly number[][] {
  const by: number[][] = Array.from({ length: size }, () => []);
  for (const [source, list] of lists.entries()) for (const at of list) by[at]?.push(source);
  return by;
}
