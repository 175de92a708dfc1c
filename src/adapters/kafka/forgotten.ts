import type { Consumer } from "@platformatic/kafka";
import type { OdoriError } from "../../contract/errors.ts";
import { busTopology } from "../../ports/errors.ts";

/**
 * Moves the group's place to the oldest event that is left, in each assigned partition whose log
 * begins after it. Returns how many events were deleted before the group heard them.
 */
export async function skipForgotten(
  consumer: Consumer,
  topics: readonly string[],
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
      const place = committed.get(topic)?.[partition] ?? -1n;
      // A group without a place begins with the oldest event anyway.
      if (place < 0n || place >= first) continue;
      forgotten += first - place;
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
