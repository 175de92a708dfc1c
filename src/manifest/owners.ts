import { stemOf } from "../contract/grammar.ts";
import { flowGraph } from "./graph.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Returns the sources that may emit each event, for the option `owners` of `start`. A key is an
 * event without its version: its owner may emit it in any version. The map leaves out the
 * events of `arrives`, and those of services whose links are unknown: they come from other sources.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { memoryBus, memoryStore } from "odori/memory";
 * import { manifestOf, ownersOf } from "odori/manifest";
 * import order from "./choreography.ts";
 * import { orderInMemory } from "./services.ts";
 *
 * const owners = ownersOf(manifestOf(order));
 * console.log(owners.get("payment.authorized")); // ["/payment"]
 * const bus = memoryBus([orderInMemory]);
 * const app = await start(orderInMemory, { store: memoryStore(), bus, owners });
 * ```
 */
export function ownersOf(manifest: Manifest): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, Set<string>>();
  const open = new Set(manifest.arrives.map(stemOf));
  for (const [type, emitters] of flowGraph(manifest).emitters) {
    const stem = stemOf(type);
    const sources = owners.get(stem) ?? new Set();
    owners.set(stem, sources);
    for (const { service } of emitters) {
      if (service.unlinked) open.add(stem);
      sources.add(`/${service.name}`);
    }
  }
  const closed = [...owners].filter(([stem]) => !open.has(stem));
  return new Map(closed.map(([stem, sources]) => [stem, [...sources].sort()]));
}
