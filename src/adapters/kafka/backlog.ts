import type { Consumer } from "@platformatic/kafka";

/** `listOffsets`: where a partition ends. */
const END = -1n;

/** How many messages of these topics the group has not committed, over all of their partitions. */
export async function uncommitted(consumer: Consumer, topics: readonly string[]): Promise<number> {
  // Before the places of the group: it may only get ahead of what was read here.
  const ends = await consumer.listOffsets({ topics: [...topics], timestamp: END });
  const asked = [...ends].map(([topic, all]) => ({ topic, partitions: [...all.keys()] }));
  const committed = await consumer.listCommittedOffsets({ topics: asked });
  let lag = 0n;
  for (const [topic, all] of ends)
    for (const [partition, end] of all.entries()) {
      // A group without a place begins with the oldest message that is left.
      const place = committed.get(topic)?.[partition] ?? -1n;
      if (end > place) lag += end - (place < 0n ? 0n : place);
    }
  return Number(lag);
}
