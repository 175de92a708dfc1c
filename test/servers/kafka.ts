import { Admin, Producer } from "@platformatic/kafka";
import type { Bus } from "odori";
import type { BusFactory } from "odori/conformance";
import { kafka } from "odori/kafka";
import { kafkaFaults } from "./kafka-faults.ts";

let prefixes = 0;

/** Buses over topics of a server, with a prefix of its own for each test. */
export function kafkaBuses(url: () => string): BusFactory {
  return {
    name: "kafka",
    faults: kafkaFaults(url),
    async make() {
      const prefix = `t${process.pid}-${prefixes++}.`;
      const options = { brokers: url(), prefix, partitions: 4, sessionTimeoutMs: 2_000 };
      const client = { clientId: "test", bootstrapBrokers: [url()] };
      const producer = new Producer(client);
      const open: Bus[] = [];
      return {
        async connect() {
          const bus = kafka(options);
          open.push(bus);
          return bus;
        },
        refused: { "too large": { data: "x".repeat(1_100_000) } },
        async inject(topic, bytes) {
          const headers = new Map([
            [Buffer.from("content-type"), Buffer.from("application/cloudevents+json")],
          ]);
          await producer.send({
            messages: [{ topic: `${prefix}${topic}`, value: Buffer.from(bytes), headers }],
          });
        },
        async close() {
          for (const bus of open) await bus.close();
          await producer.close();
          const admin = new Admin(client);
          const topics = (await admin.listTopics({})).filter((topic) => topic.startsWith(prefix));
          if (topics.length > 0) await admin.deleteTopics({ topics });
          await admin.close();
        },
      };
    },
  };
}
