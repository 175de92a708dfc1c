import { type EventContract, event, Service, start, type TypeName } from "odori";
import { MemoryDatabase, memoryBus, memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compile } from "../../src/check/compile.ts";
import { Machine } from "../../src/check/machine.ts";
import { FAILED, type Model, SUCCEEDED, type TransitionSource } from "../../src/check/model.ts";
import { StateSet } from "../../src/check/states.ts";
import { declareJoin, declareStep, declareUndo } from "../../src/choreography/declare.ts";
import { BARRED, DONE, NONE, UNDONE } from "../../src/choreography/fence.ts";
import type { Manifest, ManifestOutcome, ReactionEntry } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { silent } from "../support/stage.ts";
import { generator, unruly } from "../support/unruly-bus.ts";
import { BROKEN } from "./broken.ts";
import { SOUND } from "./sound.ts";

/*
 * The runtime and the model must agree. Services are made from manifests, with handlers that take
 * any of their outcomes, and are run by the real runtime on a bus that repeats, delays and
 * reorders. However each saga is when nothing moves any more, the model must know such an end.
 */

const NAMES = new Map([
  [NONE, "none"],
  [DONE, "done"],
  [UNDONE, "undone"],
  [BARRED, "barred"],
]);
const SAGAS = 25;

/** How a saga may be in the end, as the model has it. */
function endsOf(model: Model): ReadonlySet<string> {
  const machine = new Machine(model);
  const states = new StateSet(model.size);
  const [row, after] = [new Int32Array(model.size / 4), new Int32Array(model.size / 4)];
  const [bytes, next] = [new Uint8Array(row.buffer), new Uint8Array(after.buffer)];
  const ends = new Set<string>();
  for (const beginning of model.beginnings) {
    machine.begin(next, beginning);
    states.add(after, -1, 0, 0);
  }
  for (let at = 0; at < states.count; at++) {
    states.read(at, row);
    const certain: TransitionSource[] = [];
    machine.enabled(bytes, certain, []);
    if (certain.length === 0) {
      const effects = model.effects.map(
        (effect) => `${effect.service} ${effect.type} ${NAMES.get(bytes[effect.at] ?? NONE)}`,
      );
      ends.add(
        [`succeeded ${bytes[SUCCEEDED] !== 0}`, `failed ${bytes[FAILED] !== 0}`, ...effects].join(
          "; ",
        ),
      );
    }
    for (const source of certain) {
      for (const choice of machine.choices(bytes, source)) {
        after.set(row);
        machine.apply(next, source, choice);
        states.add(after, at, 0, 0);
      }
    }
  }
  return ends;
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
  const declare = (reaction: ReactionEntry) => {
    const { kind, name, hears, undoes, emits, fails, once, max, late, readonly, onEmpty } =
      reaction;
    const common = {
      ...(name !== undefined && { name }),
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
    if (kind === "undo")
      return declareUndo(contract(undoes ?? ""), { ...common, on: all(hears), onEmpty });
    return declareStep(all(hears), { ...common, readonly });
  };
  const services = [...manifest.services.values()].map(({ name, begins, reactions }) => {
    const declaration = {
      name,
      reactions: reactions.map(declare),
      deadlines: [],
      setup: () => {},
      mayPark: false,
      suppress: {},
    };
    return new Service(declaration, all(begins));
  });
  return { services, contract };
}

async function observedEnds(manifest: Manifest, seed: number): Promise<readonly string[]> {
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
  const ids = Array.from({ length: SAGAS }, (_, index) => `saga-${seed}-${index}`);
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
  const model = compile(manifest);
  return Promise.all(
    ids.map(async (id) => {
      const marks = new Map<string, string>();
      const emitted = new Set<string>();
      for (const [index, store] of stores.entries()) {
        for (const { disposition, effect, type, emitted: events } of await store.inspect.journal(
          id,
        )) {
          for (const each of events) emitted.add(each.type);
          const about = disposition === "begun" ? type : effect;
          const mark = { begun: "done", done: "done", undone: "undone", barred: "barred" }[
            String(disposition)
          ];
          if (about === undefined || mark === undefined) continue;
          const key = `${services[index]?.name} ${about}`;
          if (mark !== "done" || !marks.has(key)) marks.set(key, mark);
        }
      }
      const effects = model.effects.map(
        ({ service, type }) => `${service} ${type} ${marks.get(`${service} ${type}`) ?? "none"}`,
      );
      const has = (types: readonly string[]) => types.some((end) => emitted.has(end));
      return [
        `succeeded ${has(manifest.succeeds)}`,
        `failed ${has(manifest.fails)}`,
        ...effects,
      ].join("; ");
    }),
  );
}

/**
 * What the runtime can run as it stands: its own inbox and fence, nothing from outside, no clock,
 * and no loop without bound.
 */
const runnable = [...SOUND, ...BROKEN].filter(({ manifest, codes }) => {
  const { services, arrives } = toManifest(manifest);
  const own = [...services.values()].every(
    ({ inbox, fence, mayPark, deadlines }) => inbox && fence && !mayPark && deadlines.length === 0,
  );
  const refused = [
    "UNBOUNDED_LOOP",
    "FOREIGN_UNDO",
    "UNKNOWN_EFFECT",
    "NAME_GRAMMAR",
    "NEVER_EMITTED",
  ];
  return own && arrives.length === 0 && !codes.some((code) => refused.includes(code));
});

describe("whatever the runtime comes to, the model has foreseen", () => {
  it.each(runnable)("$name", async ({ manifest: raw }) => {
    const manifest = toManifest(raw);
    const foreseen = endsOf(compile(manifest));
    const seen = new Set<string>();
    for (const seed of [1, 2, 3])
      for (const end of await observedEnds(manifest, seed)) seen.add(end);
    expect([...seen].filter((end) => !foreseen.has(end))).toEqual([]);
    // Each of the outcomes was drawn; with so many sagas more than one end was seen wherever there
    // are several.
    expect(seen.size).toBeGreaterThan(foreseen.size > 1 ? 1 : 0);
  });
});
