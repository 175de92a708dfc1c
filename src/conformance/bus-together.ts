import assert from "node:assert/strict";
import { type Bus, checkAccepted, type Deliver, type Incoming } from "../ports/bus.ts";
import { eventually } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

type BusTest = (name: string, groups: readonly string[], body: (bus: Bus) => Promise<void>) => void;

/** Tests of events that one call publishes, and that may travel as one message. */
export function busTogether(test: BusTest): void {
  test("a rejected one keeps none back, and comes again", ["a"], async (bus) => {
    const acknowledged = new Set<string>();
    let rejections = 0;
    await listen(bus, async (incoming) => {
      const id = idOf(incoming);
      if (id === "e3" && rejections < 2) {
        rejections++;
        throw new Error("not now");
      }
      acknowledged.add(id);
    });
    const events = Array.from({ length: 8 }, (_, i) => sampleEvent(`e${i}`));
    checkAccepted(await bus.publish(events));
    await eventually("all are acknowledged", () => acknowledged.size === 8);
    assert.equal(rejections, 2);
  });

  test("large ones arrive, each as it was published", ["a"], async (bus) => {
    const seen = new Map<string, Incoming>();
    await listen(bus, async (incoming) => void seen.set(idOf(incoming), incoming));
    const sizes = [60_000, 10, 30_000, 30_000, 10, 60_000];
    const events = sizes.map((size, i) => sampleEvent(`e${i}`, { data: "é".repeat(size / 2) }));
    checkAccepted(await bus.publish(events));
    await eventually("all arrive", () => seen.size === events.length);
    for (const event of events) assert.deepEqual(seen.get(event.id), event);
  });
}

async function listen(bus: Bus, deliver: Deliver): Promise<void> {
  const { type } = sampleEvent("any");
  await bus.subscribe({ group: "a", topics: [type], inFlightMax: 100 }, deliver);
}

function idOf(incoming: Incoming): string {
  return "malformed" in incoming ? incoming.raw : incoming.id;
}
