import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import type { Bus } from "odori";
import type { BusFactory } from "odori/conformance";
import { nats } from "odori/nats";
import { natsFaults } from "./nats-faults.ts";

let streams = 0;

/** Buses over streams, one for each test. What can happen to a server is tried in one mode. */
export function natsBuses(url: () => string, mode?: "batch"): BusFactory {
  return {
    name: mode === undefined ? "nats" : "nats, in batches",
    ...(mode === undefined && { faults: natsFaults(url) }),
    async make() {
      const name = `T${process.pid}-${streams++}`;
      const options = {
        servers: url(),
        stream: name,
        prefix: name,
        mode: mode ?? "binary",
      } as const;
      const own = await connect({ servers: url() });
      const open: Bus[] = [];
      return {
        async connect() {
          const bus = nats(options);
          open.push(bus);
          return bus;
        },
        refused: { "too large": { data: "x".repeat(1_100_000) } },
        async inject(topic, bytes) {
          const head = headers();
          head.set("content-type", "application/cloudevents+json");
          await jetstream(own).publish(`${name}.${topic}`, bytes, { headers: head });
        },
        async close() {
          for (const bus of open) await bus.close();
          await (await jetstreamManager(own)).streams.delete(name).catch(() => {});
          await own.close();
        },
      };
    },
  };
}
