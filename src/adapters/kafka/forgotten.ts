import type { Consumer } from "@platformatic/kafka";
import type { OdoriError } from "../../contract/errors.ts";
import { busTopology } from "../../ports/errors.ts";
import type { Bounds, Offsets } from "./offsets.ts";

/**
 * Looks for events that were deleted before the group heard them, in each assigned partition: at
 * the start, and while the member runs, since the client goes on with the oldest event in silence.
 * Moves the group's place to that one. Returns how many there are.
 */
export async function skipForgotten(
  consumer: Consumer,
  topics: readonly string[],
  received: Offsets,
  member: Bounds["member"],
): Promise<bigint> {
  const assigned = (consumer.assignments ?? []).filter(({ topic }) => topics.includes(topic));
  if (assigned.length === 0) return 0n;
  const oldest = await consumer.listOffsets({ topics: [...topics], timestamp: OLDEST });
  const committed = await consumer.listCommittedOffsets({ topics: assigned });
  let forgotten = 0n;
  const offsets = [];
  for (const { topic, partitions } of assigned) {
    for (const partition of partitions) {
      const first = oldest.get(topic)?.[partition] ?? 0n;
      // A group without a place begins with the oldest event anyway.
      const place = committed.get(topic)?.[partition] ?? -1n;
      const bounds = { oldest: first, place, member };
      const count = received.forgotten({ topic, partition }, bounds);
      forgotten += count;
      // Messages in flight are kept in memory: the log has none of them either.
      if (count > 0n && place < first)
        offsets.push({ topic, partition, offset: first, leaderEpoch: -1 });
    }
  }
  if (offsets.length > 0) await consumer.commit({ offsets });
  return forgotten;
}

/** `listOffsets`: the oldest record that a partition has. */
const OLDEST = -2n;

export function eventsExpired(count: bigint): OdoriError {
  return busTopology(
    `The topics have deleted ${count} events before the service heard them.`,
    "It goes on with the oldest that are left. Raise retentionMs of the bus.",
  );
}
