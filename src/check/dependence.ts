import { componentsOf } from "./components.ts";
import {
  type Choice,
  type DeliverySource,
  deliveryMadeBy,
  type Effect,
  type Model,
  type ModelEmission,
  PIVOTED,
  type TransitionSource,
} from "./model.ts";
import { followersInDeployment, variablesOfDeployment } from "./rolling/dependence.ts";

/** Limits the table of sources and classes, in 32-bit words. A larger model is not reduced. */
const TABLE_WORDS_MAX = 1 << 25;

/**
 * Says which transitions may depend on each other's order. Two are dependent when they read or
 * write a common variable: fence, `once`, `max`, join, deadline, lock, pivot. Variables that one
 * transition touches form one class.
 */
export interface Dependence {
  /** By source: its class, or -1 where it touches no variable. */
  readonly classOf: Int32Array;
  /** Size of a set of classes, in 32-bit words. */
  readonly words: number;
  /** By source: the classes of all transitions that may follow it, as bits. */
  readonly reach: Uint32Array;
}

/** By failure end: the effects before and after whose undo it is explored. */
export type Watched = ReadonlyMap<string, ReadonlySet<Effect>>;

/**
 * Computes the dependence. A failure end also reads the marks of the effects that are watched for
 * it. Returns undefined where the choreography is too large for the table.
 */
export function dependenceOf(model: Model, watched: Watched = new Map()): Dependence | undefined {
  const hasPivot =
    model.sources.some((source) => emissionsFrom(source).some(({ pivot }) => pivot)) ||
    model.beginnings.some(({ emits }) => emits.some(({ pivot }) => pivot));
  const groups = new Groups(model.size);
  const variables = model.sources.map((source) => [
    ...variablesOf(source, hasPivot, watched),
    ...variablesOfDeployment(model, source, emissionsFrom(source)),
  ]);
  for (const list of variables) for (const at of list) groups.join(list[0] ?? at, at);
  const numbers = new Map<number, number>();
  const classOf = Int32Array.from(variables, ([first]) => {
    if (first === undefined) return -1;
    const root = groups.find(first);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
  const words = Math.ceil(numbers.size / 32);
  if (words * model.sources.length > TABLE_WORDS_MAX) return undefined;
  return { classOf, words, reach: reachOf(model, classOf, words) };
}

/**
 * Lists the bytes that the transitions of a source read or write and whose order matters. Pending
 * counters and ends are left out, since additions commute.
 */
function variablesOf(
  source: TransitionSource,
  hasPivot: boolean,
  watched: Watched,
): readonly number[] {
  const own = source.kind === "deadline" || source.kind === "arrival" ? [source.at] : [];
  const delivery = deliveryMadeBy(source);
  const read = delivery === undefined ? [] : readBy(delivery);
  const emissions = emissionsFrom(source);
  return [
    ...own,
    ...read,
    ...emissions.flatMap(({ type }) => [...(watched.get(type) ?? [])].map(({ at }) => at)),
    ...emissions.flatMap((emission) => writtenBy(emission, hasPivot)),
  ];
}

function readBy({ reaction, deadline, repeatAt }: DeliverySource): readonly number[] {
  const repeat = repeatAt < 0 ? [] : [repeatAt];
  if (deadline !== undefined) return [deadline.at];
  if (reaction === undefined) return repeat;
  const { keys, keptBy, onceAt, maxAt, gatherAt, firedAt, parkedAt } = reaction;
  const effects = keys.flatMap((marks) => [...marks.effects, ...marks.barredBy]);
  const marks = [onceAt, maxAt, gatherAt, firedAt, parkedAt].filter((at) => at >= 0);
  return [
    ...repeat,
    ...marks,
    ...keptBy,
    ...effects.flatMap(({ at, after }) => [at, ...after.map((other) => other.at)]),
  ];
}

function writtenBy(
  { touches, acquires, releases, pivot, triggersUndo, end }: ModelEmission,
  hasPivot: boolean,
): readonly number[] {
  const pivots = hasPivot && (pivot || triggersUndo || end === "failure") ? [PIVOTED] : [];
  return [...touches.map(({ deadline }) => deadline.at), ...acquires, ...releases, ...pivots];
}

/** Lists every event that the transitions of a source may emit. */
export function emissionsFrom(source: TransitionSource): readonly ModelEmission[] {
  if (source.kind === "deadline") return source.deadline.choices.flatMap(({ emits }) => emits);
  if (source.kind === "arrival") return source.emits;
  const choices = deliveryMadeBy(source)?.reaction?.choices ?? [];
  return choices.flatMap((choice: Choice) => choice.emits);
}

/** Unites, in one pass, the classes of all sources that may follow each source. */
function reachOf(model: Model, classOf: Int32Array, words: number): Uint32Array {
  const { sources } = model;
  const deadlineSources = new Map(
    sources.flatMap((source) =>
      source.kind === "deadline" ? [[source.deadline, source.index] as const] : [],
    ),
  );
  const repeats = new Map(
    sources.flatMap((source) =>
      source.kind === "repeat" ? [[source.of, source.index] as const] : [],
    ),
  );
  const edges = sources.map((source) => {
    const heard = emissionsFrom(source).flatMap(({ sources, touches }) => [
      ...sources.map(({ index }) => index),
      ...touches.map(({ deadline }) => deadlineSources.get(deadline) ?? -1),
    ]);
    heard.push(...followersInDeployment(model, source, emissionsFrom(source)));
    if (source.kind !== "delivery") return [...new Set(heard)].filter((index) => index >= 0);
    const armed = source.deadline === undefined ? [] : [deadlineSources.get(source.deadline) ?? -1];
    const again = source.repeatAt < 0 ? [] : [repeats.get(source) ?? -1];
    return [...new Set([...heard, ...armed, ...again])].filter((index) => index >= 0);
  });
  const { of: component, count } = componentsOf(edges);
  const byComponent: number[][] = Array.from({ length: count }, () => []);
  for (const [index, number] of component.entries()) byComponent[number]?.push(index);
  const reach = new Uint32Array(sources.length * words);
  const shared = new Uint32Array(words);
  for (const members of byComponent) {
    shared.fill(0);
    for (const member of members) {
      for (const target of edges[member] ?? []) {
        const number = classOf[target] ?? -1;
        if (number >= 0) shared[number >>> 5] = (shared[number >>> 5] ?? 0) | (1 << (number & 31));
        if (component[target] === component[member]) continue;
        for (let word = 0; word < words; word++)
          shared[word] = (shared[word] ?? 0) | (reach[target * words + word] ?? 0);
      }
    }
    for (const member of members) reach.set(shared, member * words);
  }
  return reach;
}

/** Groups variables (union-find). */
class Groups {
  readonly #parents: Int32Array;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: size }, (_, index) => index);
  }

  find(item: number): number {
    let root = item;
    while (this.#parents[root] !== root) root = this.#parents[root] ?? root;
    for (let at = item; at !== root; ) {
      const next = this.#parents[at] ?? root;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.#parents[this.find(a)] = this.find(b);
  }
}
