import type { Deliver, Incoming } from "../ports/bus.ts";
import type { Semaphore } from "./semaphore.ts";

/** What became of a message, all of whose events are settled. */
export type Delivered = "acknowledged" | "rejected" | "left";

/**
 * Delivers the events of one message, each in a place of its own. `"left"`: the member leaves, and
 * events that were not begun go to another one, at once. `"rejected"`: they go there after a pause.
 * Those that were acknowledged are delivered again with them, and are then known.
 */
export async function deliverAll(
  events: readonly Incoming[],
  semaphore: Semaphore,
  deliver: Deliver,
  isLeaving: () => boolean,
): Promise<Delivered> {
  const one = async (incoming: Incoming): Promise<Delivered> => {
    await semaphore.take();
    try {
      if (isLeaving()) return "left";
      await deliver(incoming);
      return "acknowledged";
    } catch {
      return "rejected";
    } finally {
      semaphore.free();
    }
  };
  const settled = await Promise.all(events.map(one));
  const worst = (["rejected", "left"] as const).find((what) => settled.includes(what));
  return worst ?? "acknowledged";
}
