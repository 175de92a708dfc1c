import type { Deliver, Incoming } from "../ports/bus.ts";
import type { Semaphore } from "./semaphore.ts";

/**
 * What became of a message, all of whose events are settled. `"left"`: the member leaves, and has
 * not begun some of them, which another one may have at once. `"rejected"`: they come again after a
 * pause. Those that were acknowledged come again with them, and are known by then.
 */
export type Delivered = "acknowledged" | "left" | "rejected";

interface DeliveryParts {
  readonly semaphore: Semaphore;
  readonly deliver: Deliver;
  /** Whether nothing may be begun any more. */
  isLeaving(): boolean;
  /** Answers the broker, while the last event still has its place: a close waits for that. */
  answer?(delivered: Delivered): void;
}

/** Delivers the events of one message, each in a place of its own. Never rejects. */
export async function deliverAll(
  events: readonly Incoming[],
  { semaphore, deliver, isLeaving, answer }: DeliveryParts,
): Promise<Delivered> {
  let open = events.length;
  let result: Delivered = "acknowledged";
  const one = async (incoming: Incoming): Promise<void> => {
    await semaphore.take();
    try {
      if (!isLeaving()) await deliver(incoming);
      else if (result === "acknowledged") result = "left";
    } catch {
      result = "rejected";
    } finally {
      open--;
      if (open === 0) answer?.(result);
      semaphore.free();
    }
  };
  await Promise.all(events.map(one));
  return result;
}
