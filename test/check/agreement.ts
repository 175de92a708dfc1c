import { type EventEnvelope, start } from "odori";
import { MemoryDatabase, memoryBus, memoryStore } from "odori/memory";
import { expect } from "vitest";
import { Machine } from "../../src/check/machine.ts";
import { emissionsFrom } from "../../src/check/merge.ts";
import type { Model, ModelEmission, TransitionSource } from "../../src/check/model.ts";
import { StateSet } from "../../src/check/states.ts";
import { BARRED, DONE, NONE, UNDONE } from "../../src/choreography/fence.ts";
import { effectMark } from "../../src/contract/names.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { silent } from "../support/stage.ts";
import { generator, unruly } from "../support/unruly-bus.ts";
import { KEYS, servicesOf } from "./agreement-services.ts";

/*
 * Runs a manifest twice: in the model, and with the real runtime, whose handlers take any of their
 * outcomes, fail for a while, or are given up on. An end is how a saga is when nothing moves any
 * more: the marks of its effects, and how often each event was emitted.
 */

const NAMES = new Map([
  [NONE, "none"],
  [DONE, "done"],
  [UNDONE, "undone"],
  [BARRED, "barred"],
]);

function endText(
  model: Model,
  markOf: (effect: Model["effects"][number]) => string | undefined,
  emitted: ReadonlyMap<string, number>,
): string {
  const marks = model.effects.map(
    (each) => `${each.service} ${each.stored} ${each.key ?? ""} ${markOf(each)}`,
  );
  const counts = [...emitted].filter(([, count]) => count > 0);
  const events = counts.map(([type, count]) => `${count} ${type}`).sort();
  return [...marks, ...events].join("; ");
}

/** Most states that the model may have here, with the counts of events. */
const STATES_MAX = 30_000;

/** Every end that the model foresees; undefined if there are too many states. */
export function foreseenEnds(model: Model): ReadonlySet<string> | undefined {
  const types = [...new Set(allEmissions(model).map(({ type }) => type))];
  const size = model.size + Math.ceil(types.length / 4) * 4;
  const machine = new Machine(model);
  const states = new StateSet(size);
  const [row, after] = [new Int32Array(size / 4), new Int32Array(size / 4)];
  const [bytes, next] = [new Uint8Array(row.buffer), new Uint8Array(after.buffer)];
  const count = (emissions: readonly ModelEmission[]) => {
    for (const { type } of emissions) {
      const at = model.size + types.indexOf(type);
      next[at] = (next[at] ?? 0) + 1;
    }
  };
  for (const beginning of model.beginnings) {
    machine.begin(next, beginning);
    count(beginning.emits);
    states.add(after, -1, 0, 0);
  }
  const ends = new Set<string>();
  for (let at = 0; at < states.count; at++) {
    if (states.count > STATES_MAX) return undefined;
    states.read(at, row);
    const certain: TransitionSource[] = [];
    const possible: TransitionSource[] = [];
    machine.enabled(bytes, certain, possible);
    if (certain.length === 0) {
      const emitted = types.map((type, place) => [type, bytes[model.size + place] ?? 0] as const);
      ends.add(endText(model, ({ at }) => NAMES.get(bytes[at] ?? NONE), new Map(emitted)));
    }
    for (const source of [...certain, ...possible]) {
      for (const choice of machine.choices(bytes, source)) {
        after.set(row);
        machine.apply(next, source, choice);
        count(emissionsOf(source, choice));
        states.add(after, at, 0, 0);
      }
    }
  }
  return ends;
}

function emissionsOf(source: TransitionSource, choice: number): readonly ModelEmission[] {
  switch (source.kind) {
    case "deadline":
      return source.deadline.choices[choice]?.emits ?? [];
    case "arrival":
      return source.emits;
    case "delivery":
    case "join":
      return source.reaction?.choices[choice]?.emits ?? [];
    default:
      throw new Error("the runtime has an inbox, and one version");
  }
}

function allEmissions({ beginnings, sources }: Model): readonly ModelEmission[] {
  return [...beginnings.flatMap(({ emits }) => emits), ...sources.flatMap(emissionsFrom)];
}

/** The ends of some sagas of one run, on a bus that repeats, delays and reorders. */
export async function observedEnds(
  manifest: Manifest,
  model: Model,
  seed: number,
  sagas: number,
): Promise<readonly string[]> {
  const random = generator(seed);
  const { services, contract } = servicesOf(manifest, random);
  const bus = unruly(memoryBus(services), seed);
  const databases = services.map(() => new MemoryDatabase());
  const stores = databases.map((database) => memoryStore(database));
  const retry = { attempts: 50, firstMs: 1, longestMs: 2 };
  const apps = await Promise.all(
    services.map((service, index) =>
      start(service, {
        store: stores[index] ?? memoryStore(),
        bus,
        logger: silent,
        pollMs: 3,
        retry,
        batchMax: 1 + Math.floor(random() * 8),
      }),
    ),
  );
  const [type = ""] = manifest.begins;
  const beginner = services.findIndex(({ beginnings }) =>
    beginnings.some((beginning) => beginning.type === type),
  );
  const ids = Array.from({ length: sagas }, (_, index) => `saga-${seed}-${index}`);
  const emitted = new Map(ids.map((id) => [id, new Map<string, number>()]));
  const count = (id: string, one: string) => {
    const counts = emitted.get(id);
    counts?.set(one, (counts.get(one) ?? 0) + 1);
  };
  const arrive = async (one: string, id: string) => {
    count(id, one);
    await bus.publish([fromOutside(one, id)]);
  };
  const quiet = async () => {
    const counts = await Promise.all(stores.map((store) => store.inspect.counts()));
    return counts.every(
      ({ outbox, deferred }) => outbox === 0 && !deferred.armed && !deferred.retrying,
    );
  };
  // A row leaves the outbox when all who hear it have committed: twice none anywhere means that
  // nothing moves.
  const settle = () =>
    expect.poll(async () => (await quiet()) && (await quiet()), { timeout: 60_000 }).toBe(true);
  const late: (() => Promise<void>)[] = [];
  for (const id of ids) {
    await apps[beginner]?.begin(id, () => contract(type).from({}));
    for (const one of manifest.arrives) {
      const when = random();
      if (when < 0.4) await arrive(one, id);
      else if (when < 0.8) late.push(() => arrive(one, id));
    }
  }
  if (random() < 0.5) await settle();
  for (const one of late) await one();
  await settle();
  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
  return Promise.all(
    ids.map(async (id) => {
      for (const store of stores)
        for (const entry of await store.inspect.journal(id))
          for (const event of entry.emitted) count(id, event.type);
      const markOf = ({ service, stored, key }: Model["effects"][number]) => {
        const database = databases[services.findIndex(({ name }) => name === service)];
        const name = effectMark(stored, key === undefined ? undefined : KEYS[key]);
        return database?.sagas.get(id)?.marks.get(name) ?? "none";
      };
      return endText(model, markOf, emitted.get(id) ?? new Map());
    }),
  );
}

function fromOutside(type: string, sagaId: string): EventEnvelope {
  return {
    specversion: "1.0",
    id: `${type}-${sagaId}`,
    type,
    source: "/outside",
    time: new Date(0).toISOString(),
    sagaId,
    correlationId: sagaId,
    data: {},
  };
}
