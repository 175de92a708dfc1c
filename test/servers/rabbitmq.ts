import type { Bus } from "odori";
import type { BusFactory } from "odori/conformance";
import { rabbitmq } from "odori/rabbitmq";
import { Connection } from "rabbitmq-client";
import { rabbitFaults } from "./rabbitmq-faults.ts";

let exchanges = 0;

/** Buses over exchanges, one for each test. What can happen to a server is tried in one mode. */
export function rabbitBuses(url: () => string, mode?: "batch"): BusFactory {
  return {
    name: mode === undefined ? "rabbitmq" : "rabbitmq, in batches",
    ...(mode === undefined && { faults: rabbitFaults(url) }),
    async make() {
      const exchange = `t${process.pid}-${exchanges++}`;
      // The suite publishes this type without a subscriber.
      const unheard = ["payment.authorized.v1"];
      const common = { url: url(), exchange, unheard, settleMs: 0 };
      const options = { ...common, mode: mode ?? "binary" } as const;
      const own = new Connection(url());
      await own.onConnect();
      const publisher = own.createPublisher({ confirm: true });
      const open: Bus[] = [];
      return {
        async connect() {
          const bus = rabbitmq(options);
          open.push(bus);
          return bus;
        },
        refused: { "a type without a queue": { type: "order.unheard.v1" } },
        inject: (topic, bytes) =>
          publisher.send(
            {
              exchange,
              routingKey: topic,
              durable: true,
              contentType: "application/cloudevents+json",
            },
            Buffer.from(bytes),
          ),
        async close() {
          for (const bus of open) await bus.close();
          for (const queue of [
            `${exchange}.a:order.placed.v1`,
            `${exchange}.b:order.placed.v1`,
            `${exchange}.dead`,
          ]) {
            await own.queueDelete(queue);
          }
          await own.exchangeDelete({ exchange });
          await own.exchangeDelete({ exchange: `${exchange}.dead` });
          await publisher.close();
          await own.close();
        },
      };
    },
  };
}
