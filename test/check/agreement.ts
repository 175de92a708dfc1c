import { type EventContract, event, Service, start, type TypeName } from "odori";
import { MemoryDatabase, memoryBus, memoryStore } from "odori/memory";
import { expect } from "vitest";
import { z } from "zod";
import { Machine } from "../../src/check/machine.ts";
import type { Model, ModelEmission, TransitionSource } from "../../src/check/model.ts";
import { StateSet } from "../../src/check/states.ts";
import { declareJoin, declareStep, declareUndo } from "../../src/choreography/declare.ts";
import { BARRED, DONE, NONE, UNDONE } from "../../src/choreography/fence.ts";
import { stemOf } from "../../src/contract/grammar.ts";
import type { Manifest, ManifestOutcome, ReactionEntry } from "../../src/manifest/manifest.ts";
import { silent } from "../support/stage.ts";
import { generator, unruly } from "../support/unruly-bus.ts";

/*
 * Runs a manifest twice: in the model, and with the real runtime, whose handlers take any of their
 * outcomes. An end is how a saga is when nothing moves any more: the marks of its effects, and how
 * often each event was emitted.
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
  const marks = model.effects.map((each) => `${each.service} ${each.type} ${markOf(each)}`);
  const counts = [...emitted].filter(([, count]) => count > 0);
  const events = counts.map(([type, count]) => `${count} ${type}`).sort();
  return [...marks, ...events].join("; ");
}

/** Every end that the model foresees. */
export function foreseenEnds(model: Model): ReadonlySet<string> {
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
    states.read(at, row);
    const certain: TransitionSource[] = [];
    machine.enabled(bytes, certain, []);
    if (certain.length === 0) {
      const emitted = types.map((type, place) => [type, bytes[model.size + place] ?? 0] as const);
      ends.add(endText(model, ({ at }) => NAMES.get(bytes[at] ?? NONE), new Map(emitted)));
    }
    for (const source of certain) {
      for (const choice of machine.choices(bytes, source)) {
        after.set(row);
        machine.apply(next, source, choice);
        if (source.kind === "delivery") count(source.reaction?.choices[choice]?.emits ?? []);
        states.add(after, at, 0, 0);
      }
    }
  }
  return ends;
}

function allEmissions({ beginnings, reactions }: Model): readonly ModelEmission[] {
  const choices = reactions.flatMap((reaction) => reaction.choices);
  return [...beginnings, ...choices].flatMap(({ emits }) => emits);
}

/** The ends of some sagas of one run, on a bus that repeats, delays and reorders. */
export async function observedEnds(
  manifest: Manifest,
  model: Model,
  seed: number,
  sagas: number,
): Promise<readonly string[]> {
  const { services, contract } = servicesOf(manifest, generator(seed));
  const bus = unruly(memoryBus(services), seed);
  const stores = services.map(() => memoryStore(new MemoryDatabase()));
  const apps = await Promise.all(
    services.map((service, index) =>
      start(service, { store: stores[index] ?? memoryStore(), bus, logger: silent, pollMs: 5 }),
    ),
  );
  const [type = ""] = manifest.begins;
  const beginner = services.findIndex(({ beginnings }) =>
    beginnings.some((beginning) => beginning.type === type),
  );
  const ids = Array.from({ length: sagas }, (_, index) => `saga-${seed}-${index}`);
  for (const id of ids) await apps[beginner]?.begin(id, () => contract(type).from({}));
  const quiet = async () => {
    const counts = await Promise.all(stores.map((store) => store.inspect.counts()));
    return counts.every(({ outbox }) => outbox === 0);
  };
  // A row leaves the outbox when all who hear it have committed: twice none anywhere means that
  // nothing moves.
  await expect.poll(async () => (await quiet()) && (await quiet()), { timeout: 20_000 }).toBe(true);
  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
  return Promise.all(
    ids.map(async (id) => {
      const marks = new Map<string, string>();
      const emitted = new Map<string, number>();
      for (const [index, store] of stores.entries()) {
        for (const entry of await store.inspect.journal(id)) {
          for (const { type } of entry.emitted) emitted.set(type, (emitted.get(type) ?? 0) + 1);
          const { disposition, effect, type } = entry;
          const about = disposition === "begun" ? stemOf(type) : effect;
          const mark = disposition === "begun" ? "done" : disposition;
          if (about === undefined || ![...NAMES.values()].includes(mark)) continue;
          const key = `${services[index]?.name} ${about}`;
          if (mark !== "done" || !marks.has(key)) marks.set(key, mark);
        }
      }
      return endText(
        model,
        ({ service, type }) => marks.get(`${service} ${stemOf(type)}`) ?? "none",
        emitted,
      );
    }),
  );
}

function servicesOf(manifest: Manifest, random: () => number) {
  const contracts = new Map<string, EventContract>();
  const contract = (type: string): EventContract => {
    // Names of the catalogue all follow the grammar.
    const known = contracts.get(type) ?? event(type as TypeName, z.object({}));
    contracts.set(type, known);
    return known;
  };
  const all = (types: readonly string[]) => types.map(contract);
  const pick = (outcomes: readonly ManifestOutcome[]) =>
    (outcomes[Math.floor(random() * outcomes.length)] ?? []).map((type) => contract(type).from({}));
  const declare = (reaction: ReactionEntry, place: number) => {
    const { kind, name, hears, undoes, emits, fails, once, max, late, readonly, onEmpty } =
      reaction;
    const common = {
      name: name ?? `reaction ${place}`,
      ...(once !== undefined && { firstOf: once }),
      ...(max !== undefined && { max }),
      emits: emits.map(all),
      fails: fails.map(all),
      ...((once !== undefined || max !== undefined) && {
        late: { emits: late.map(all), handle: () => pick(late) },
      }),
      handle: () => pick([...emits, ...fails]),
    };
    if (kind === "join") return declareJoin(all(hears), { ...common, readonly });
    if (kind === "undo") return declareUndo(undoes ?? "", { ...common, on: all(hears), onEmpty });
    return declareStep(all(hears), { ...common, readonly });
  };
  const services = [...manifest.services.values()].map(({ name, begins, reactions }) => {
    const declaration = {
      name,
      reactions: reactions.map(declare),
      deadlines: [],
      setup: () => {},
      mayPark: false,
      retired: {},
      suppress: {},
    };
    return new Service(declaration, all(begins), []);
  });
  return { services, contract };
}
