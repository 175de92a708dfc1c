import fc from "fast-check";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";

/*
 * Random choreographies, small enough to be searched without reduction. Events flow mostly
 * forwards, so that most sagas end; a few flow back.
 */

const SERVICES = ["a", "b", "c", "d"] as const;
const EVENTS = 8;
const typeOf = (index: number) => `${SERVICES[index % SERVICES.length]}.e${index}.v1`;

type Raw = Record<string, unknown>;

const chance = (percent: number) => fc.integer({ min: 0, max: 99 }).map((n) => n < percent);
/** Present with the given chance, in percent. */
const perhaps = <T>(percent: number, value: fc.Arbitrary<T>) =>
  fc.tuple(chance(percent), value).map(([there, item]) => (there ? item : undefined));

function eventAfter(least: number, back: number): fc.Arbitrary<string> {
  const forward = fc.integer({ min: Math.min(least + 1, EVENTS - 1), max: EVENTS - 1 });
  const any = fc.integer({ min: 1, max: EVENTS - 1 });
  return fc
    .tuple(chance(back), forward, any)
    .map(([anywhere, near, far]) => typeOf(anywhere ? far : near));
}

function outcomes(least: number, back: number, max: number) {
  const outcome = fc.uniqueArray(eventAfter(least, back), { minLength: 0, maxLength: 2 });
  return fc.uniqueArray(outcome, {
    minLength: 1,
    maxLength: max,
    selector: (list) => JSON.stringify(list),
  });
}

function reaction(back: number, mayPark: boolean): fc.Arbitrary<Raw> {
  return fc.integer({ min: 0, max: EVENTS - 2 }).chain((index) => {
    const others = fc.uniqueArray(fc.integer({ min: 0, max: EVENTS - 1 }), {
      minLength: 1,
      maxLength: 2,
    });
    return fc
      .record({
        kind: fc.constantFrom("step", "step", "step", "undo", "undo", "join"),
        others,
        alone: fc.boolean(),
        emits: outcomes(index, back, 2),
        fails: perhaps(40, fc.uniqueArray(eventAfter(index, back), { minLength: 1, maxLength: 1 })),
        undoes: fc.integer({ min: 0, max: EVENTS - 1 }),
        once: perhaps(25, fc.constantFrom("x", "y")),
        max: perhaps(15, fc.integer({ min: 1, max: 2 })),
        late: perhaps(60, outcomes(index, back, 1)),
        readonly: chance(20),
        keyed: perhaps(15, chance(30)),
        silentEmpty: chance(30),
        onParked: perhaps(mayPark ? 60 : 0, eventAfter(index, back)),
      })
      .map(
        ({
          kind,
          others,
          alone,
          emits,
          fails,
          undoes,
          once,
          max,
          late,
          readonly,
          keyed,
          silentEmpty,
          onParked,
        }): Raw => {
          const hears = [
            ...new Set([typeOf(index), ...(alone && kind !== "join" ? [] : others.map(typeOf))]),
          ];
          const join = kind === "join" && hears.length > 1;
          const failing = fails?.filter(
            (type) => !emits.some((outcome) => outcome.length === 1 && outcome[0] === type),
          );
          return {
            [join ? "all" : "on"]: hears,
            emits,
            ...(kind === "undo"
              ? { undoes: typeOf(undoes), ...(silentEmpty && { onEmpty: "silent" }) }
              : readonly && { readonly: true }),
            ...(failing !== undefined && failing.length > 0 && { fails: failing }),
            ...(keyed !== undefined && !join && { keyed: keyed && kind === "undo" ? "all" : true }),
            ...(once !== undefined && { once }),
            ...(max !== undefined && { max }),
            ...((once !== undefined || max !== undefined) && late !== undefined && { late }),
            ...(onParked !== undefined && { onParked }),
          };
        },
      );
  });
}

const deadline: fc.Arbitrary<Raw> = fc
  .record({
    after: fc.integer({ min: 0, max: EVENTS - 3 }),
    unless: fc.uniqueArray(fc.integer({ min: 0, max: EVENTS - 1 }), { maxLength: 2 }),
  })
  .chain(({ after, unless }) =>
    fc.tuple(eventAfter(after, 5), perhaps(30, eventAfter(after, 5))).map(([emits, onParked]) => ({
      after: typeOf(after),
      within: "1m",
      unless: unless.filter((index) => index !== after).map(typeOf),
      emits,
      ...(onParked !== undefined && { onParked }),
    })),
  );

function service(back: number): fc.Arbitrary<Raw> {
  return perhaps(12, fc.constant(true)).chain((mayPark) =>
    fc
      .record({
        reactions: fc.array(reaction(back, mayPark === true), { minLength: 1, maxLength: 2 }),
        deadlines: perhaps(20, fc.array(deadline, { minLength: 1, maxLength: 1 })),
        inbox: perhaps(8, fc.constant(false)),
        fence: perhaps(12, fc.constant(false)),
      })
      .map(({ reactions, deadlines, inbox, fence }) => ({
        reactions,
        ...(deadlines && { deadlines }),
        ...(inbox === false && { inbox }),
        ...(fence === false && { fence }),
        ...(mayPark && { mayPark }),
      })),
  );
}

const type = fc.integer({ min: 1, max: EVENTS - 1 }).map(typeOf);
const some = (percent: number, max: number) =>
  perhaps(percent, fc.uniqueArray(type, { minLength: 1, maxLength: max }));

/** `back`: in percent, how often an event may lead backwards, which makes loops. */
export function randomManifest(back: number): fc.Arbitrary<Manifest> {
  return fc
    .record({
      services: fc.tuple(service(back), service(back), service(back), service(back)),
      ends: fc.uniqueArray(fc.integer({ min: 3, max: EVENTS - 1 }), { minLength: 2, maxLength: 4 }),
      owned: fc.boolean(),
      second: perhaps(15, type),
      arrives: some(15, 1),
      pivots: some(15, 1),
      undoOrder: perhaps(20, fc.uniqueArray(type, { minLength: 2, maxLength: 2 })),
      oneOf: perhaps(20, fc.uniqueArray(type, { minLength: 2, maxLength: 2 })),
      lock: perhaps(20, fc.uniqueArray(type, { minLength: 2, maxLength: 3 })),
    })
    .map(({ services, ends, owned, second, arrives, pivots, undoOrder, oneOf, lock }) => {
      const half = Math.ceil(ends.length / 2);
      const [acquire, ...release] = lock ?? [];
      const entries = SERVICES.map(
        (name, index) =>
          [
            name,
            { ...services[index], ...(owned && index === 0 && { begins: [typeOf(0)] }) },
          ] as const,
      );
      return toManifest({
        odori: 1,
        name: "random",
        begins: [...new Set([typeOf(0), ...(second === undefined ? [] : [second])])],
        succeeds: ends.slice(0, half).map(typeOf),
        fails: ends.slice(half).map(typeOf),
        services: Object.fromEntries(entries),
        ...(arrives && { arrives }),
        ...(pivots && { pivots }),
        ...(undoOrder && { undoOrder: [undoOrder] }),
        ...(oneOf && { oneOf: [oneOf] }),
        ...(acquire !== undefined && { locks: [{ name: "lock", acquire, release }] }),
      });
    });
}
