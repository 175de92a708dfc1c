import assert from "node:assert/strict";
import type { TraceContext } from "../contract/trace-context.ts";
import { type Bus, checkAccepted } from "../ports/bus.ts";
import { eventually } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

type BusTest = (name: string, groups: readonly string[], body: (bus: Bus) => Promise<void>) => void;

/** Tests that the trace of an event arrives, and that an event without one gets none. */
export function busTrace(test: BusTest): void {
  test("traceparent and tracestate arrive", ["a"], async (bus) => {
    const trace = {
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
      // Every kind of character that a value may have.
      tracestate: 'congo=t61 "%20\\/;:~,4tenant@vendor*/_-=00f067aa0ba902b7',
    };
    const traced = sampleEvent("1", trace);
    const seen = new Map<string, Partial<TraceContext>>();
    await bus.subscribe(
      { group: "a", topics: [traced.type], inFlightMax: 10 },
      async (incoming) => {
        if ("malformed" in incoming) throw incoming.error;
        const { id, traceparent, tracestate } = incoming;
        seen.set(id, { traceparent, tracestate });
      },
    );
    checkAccepted(await bus.publish([traced, sampleEvent("2")]));
    await eventually("both arrive", () => seen.size === 2);
    assert.deepEqual(seen.get("1"), trace);
    assert.deepEqual(seen.get("2"), { traceparent: undefined, tracestate: undefined });
  });
}
