import type { EventEnvelope } from "../contract/envelope.ts";
import { messageOf } from "../contract/errors.ts";
import { entryOf } from "../manifest/fingerprint.ts";
import { bodyHazard, type Hazard, hazardsOf } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";
import type { CensusRow, StoredDeclaration } from "../ports/declarations.ts";
import type { Store } from "../ports/store.ts";
import { readDeferred } from "./stored.ts";

/** Deferred deliveries whose payloads are tried against the new contracts. */
const SAMPLE_MAX = 200;

/** What is read of a database; it need not be open for a service. */
export type InFlight = Pick<Store<unknown>, "declarations" | "census" | "inspect">;

/** Throws where a reaction or deadline does not accept a deferred event's payload. */
export type TryBody = (name: string, event: EventEnvelope) => void;

/** What a declaration meets in a database. */
export interface Compared {
  readonly hazards: readonly Hazard[];
  readonly census: readonly CensusRow[];
}

/** The declarations of a service that may have sagas in flight: those put after `since`. */
export function recentEntries(
  stored: readonly StoredDeclaration[],
  service: string,
  since: number,
): readonly ServiceEntry[] {
  return stored
    .filter(({ lastAt }) => lastAt > since)
    .flatMap(({ manifest }) => entryOf(manifest, service) ?? []);
}

/** Finds what the sagas in flight of a database would lose to a declaration. */
export async function compareWith(
  store: InFlight,
  before: readonly ServiceEntry[],
  entry: ServiceEntry,
  tryBody: TryBody,
): Promise<Compared> {
  const census = [...(await store.census("deferred")), ...(await store.census("mark"))];
  const bodies = await bodyHazards(store, tryBody);
  const kept = bodies.filter(({ retiredAs }) => !entry.retired.has(retiredAs));
  return { census, hazards: [...hazardsOf(before, entry, census), ...kept] };
}

/** Tries the payloads of a sample of deferred deliveries against the contracts of today. */
async function bodyHazards({ inspect }: InFlight, tryBody: TryBody): Promise<readonly Hazard[]> {
  const states = ["armed", "gathered", "retrying", "waiting"] as const;
  const refused = new Map<string, { count: number; newestAt: number; problem: string }>();
  for (const row of await inspect.deferred(states, SAMPLE_MAX)) {
    const { reaction, at } = row;
    const event = readDeferred(row);
    if (event === undefined) continue;
    try {
      tryBody(reaction, event);
    } catch (error) {
      const known = refused.get(reaction) ?? { count: 0, newestAt: 0, problem: messageOf(error) };
      known.count++;
      known.newestAt = Math.max(known.newestAt, at);
      refused.set(reaction, known);
    }
  }
  return [...refused].map(([name, { problem, ...rows }]) => bodyHazard(name, rows, problem));
}
