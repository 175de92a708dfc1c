import type { EventEnvelope } from "../contract/envelope.ts";
import { storedReaction } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";
import type { Store } from "../ports/store.ts";
import { Draft } from "./draft.ts";
import { dueNow, isComplete } from "./join.ts";
import type { ReactionPlan, ServicePlan } from "./plan.ts";
import { readDeferred } from "./stored.ts";

/** Most gathered events that are looked through. */
const GATHERED_MAX = 100_000;

interface Gathered {
  readonly plan: ReactionPlan<never>;
  readonly sagaId: string;
  /** Oldest first. */
  readonly events: { readonly seq: number; readonly event: EventEnvelope }[];
}

/**
 * Fires the joins that wait for an event no more: where an earlier declaration named more events,
 * sagas may have gathered all that the new one needs, and nothing else would come for them. The
 * oldest event of such a saga becomes a retry, which is due at once.
 */
export async function completeJoins<Native>(
  plan: ServicePlan<Native>,
  store: Store<Native>,
  before: readonly ServiceEntry[],
): Promise<void> {
  if (before.length === 0) return;
  const shrunk = shrunkJoins(plan, before);
  if (shrunk.size === 0) return;
  const found = new Map<string, Gathered>();
  for (const row of await store.inspect.deferred(["gathered"], GATHERED_MAX)) {
    const join = shrunk.get(row.reaction);
    const event = join && readDeferred(row);
    // An event that the join does not name any more cannot be handled.
    if (join === undefined || event === undefined || !join.contracts.has(event.type)) continue;
    const key = `${row.reaction}\n${row.sagaId}`;
    const known = found.get(key) ?? { plan: join, sagaId: row.sagaId, events: [] };
    found.set(key, known);
    known.events.push({ seq: row.seq, event });
  }
  const draft = new Draft();
  for (const { plan: join, events } of found.values()) {
    const [first] = events;
    const types = events.map(({ event }) => event.type);
    if (first === undefined || !isComplete(join, types)) continue;
    draft.redefer.push(dueNow(first.seq));
  }
  if (draft.redefer.length > 0) await store.transaction(async (tx) => void (await tx.write(draft)));
}

/** The joins of which an earlier declaration waited for more events, by stored name. */
function shrunkJoins<Native>(
  { reactions }: ServicePlan<Native>,
  before: readonly ServiceEntry[],
): ReadonlyMap<string, ReactionPlan<never>> {
  const waited = new Map<string, Set<string>>();
  for (const entry of before.flatMap((service) => service.reactions)) {
    const types = entry.hears.filter((type) => !entry.optional.includes(type));
    const known = waited.get(storedReaction(entry)) ?? new Set();
    waited.set(storedReaction(entry), new Set([...known, ...types]));
  }
  const shrunk = new Map<string, ReactionPlan<never>>();
  for (const [name, plan] of reactions) {
    if (plan.reaction.kind !== "join") continue;
    const before = [...(waited.get(name) ?? [])];
    if (before.some((type) => !plan.awaited.some((one) => plan.contracts.get(type) === one)))
      shrunk.set(name, plan);
  }
  return shrunk;
}
