import type { Choreography, EventContract } from "odori";
import type { MemoryTx } from "odori/memory";
import { MemoryRows, type SimulationOptions } from "odori/simulate";
import { stemOf } from "../../src/contract/grammar.ts";
import type { Manifest, ReactionEntry } from "../../src/manifest/manifest.ts";
import { running } from "../../src/simulate/actor.ts";
import { SimulatedRun } from "../../src/simulate/run.ts";
import { Stage } from "../../src/simulate/stage.ts";
import { servicesOf } from "./drawn-services.ts";

/** Chance of the handlers; calm ones take an outcome without failing. Other code draws nothing. */
const random = () => {
  const actor = running.getStore();
  return actor === undefined ? 0.5 : (1 - actor.random()) * 0.999_999;
};

/** A manifest as a choreography of real services, whose handlers draw any of their outcomes. */
function playable(manifest: Manifest) {
  const { services, contract } = servicesOf(manifest, random);
  const all = (types: readonly string[]) => types.map(contract);
  const choreography: Choreography<MemoryTx> = {
    name: manifest.name,
    services,
    begins: all(manifest.begins),
    succeeds: all(manifest.succeeds),
    fails: all(manifest.fails),
    external: all(manifest.external),
    arrives: all(manifest.arrives),
    pivots: all(manifest.pivots),
    undoOrder: manifest.undoOrder.map(([first, second]) => [contract(first), contract(second)]),
    oneOf: manifest.oneOf.map(all),
    locks: manifest.locks.map(({ name, acquire, release }) => ({
      ...{ name, acquire: contract(acquire), release: all(release) },
    })),
    suppress: Object.fromEntries(
      [manifest, ...manifest.services.values(), ...manifest.events.values()].flatMap(
        ({ suppress }) => [...suppress],
      ),
    ),
  };
  const [first] = choreography.begins;
  const begins = ({ beginnings }: { readonly beginnings: readonly EventContract[] }) =>
    beginnings.some(({ type }) => type === first?.type);
  const beginner = services.find(begins);
  const options: SimulationOptions<MemoryTx> = {
    given({ begin, arrive, chance, int }) {
      for (let n = int(1, 2); n > 0; n--) {
        if (beginner !== undefined && first !== undefined)
          begin(beginner, `s-${n}`, () => first.from({}));
        for (const one of choreography.arrives) if (chance(50)) arrive(`s-${n}`, one.from({}));
      }
    },
  };
  return { choreography, options };
}

/** The codes that some seeds find, each with how. */
export async function codesFound(
  manifest: Manifest,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<ReadonlyMap<string, string>> {
  const { choreography, options } = playable(manifest);
  const stage = await Stage.prepare(choreography, options, () => new MemoryRows());
  const found = new Map<string, string>();
  for (let seed = from; seed < from + seeds; seed++) {
    const { findings } = await new SimulatedRun(stage, { seed }).play();
    for (const { code, message } of findings)
      if (!found.has(code)) found.set(code, `seed ${seed}: ${message}`);
  }
  return found;
}

/**
 * The same as services that the runtime can run: they begin their own sagas, an undo and its step
 * agree about keys, and a join has none. An undo of all keys is one of a step beside it, if there
 * is one: drawn at random, one in thirty would be, and most would find nothing to undo.
 */
export function asRunnable(manifest: Manifest): Manifest {
  const [first = ""] = manifest.begins;
  const services = [...manifest.services].map(([name, service], index) => {
    const begins = index === 0 ? [first] : [];
    const keyed = index > 0 && service.reactions.some((reaction) => reaction.keyed !== false);
    const step = service.reactions.find(({ kind, readonly }) => kind === "step" && !readonly);
    const [done] = step?.emits.flat() ?? [];
    const reactions = service.reactions.map((drawn): ReactionEntry => {
      const reversed = drawn.keyed === "all" && done !== undefined;
      const reaction = reversed ? { ...drawn, undoes: stemOf(done) } : drawn;
      if (!keyed) return { ...reaction, keyed: false };
      if (reaction.kind === "join") return { ...reaction, readonly: true };
      return { ...reaction, keyed: reaction.keyed === false ? true : reaction.keyed };
    });
    return [name, { ...service, inbox: true, fence: true, begins, reactions }] as const;
  });
  return { ...manifest, begins: [first], services: new Map(services) };
}
