import { DiscardPolicy, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";
import { Admin } from "@platformatic/kafka";
import { service, start } from "odori";
import { checkAccepted } from "odori/adapter";
import { kafka } from "odori/kafka";
import { memoryStore } from "odori/memory";
import { nats } from "odori/nats";
import { rabbitmq } from "odori/rabbitmq";
import { Connection } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import { placed } from "../support/contracts.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";
import { serverUrl, titleOf, urlOf } from "./shared.ts";

const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
const nothing = async () => {};
const DAY_MS = 24 * 3_600_000;

describe("what stands on the broker contradicts", () => {
  it.skipIf(urlOf("nats") === undefined)(
    titleOf("nats", "NATS: a stream that forgets"),
    async () => {
      await using connection = closing(await connect({ servers: serverUrl("nats") }));
      const { streams } = await jetstreamManager(connection);
      const name = `W${process.pid}`;
      const bus = () => nats({ servers: serverUrl("nats"), stream: name, prefix: name });
      const elsewhere = ["elsewhere.>"];
      const aged = { max_age: nanos(DAY_MS), max_msg_size: 16_384 };
      const config = { name, subjects: [`${name}.>`], discard: DiscardPolicy.New, max_age: 0 };
      for (const [change, what] of [
        [{ retention: RetentionPolicy.Workqueue }, "retention"],
        [{ discard: DiscardPolicy.Old }, "discards"],
        [{ subjects: elsewhere }, "elsewhere"],
        [{}, "for ever"],
        [aged, "max_msg_size"],
        [{ max_age: nanos(DAY_MS), max_msgs_per_subject: 5 }, "max_msgs_per_subject"],
      ] as const) {
        await streams.add({ ...config, ...change });
        await using refusing = closing(bus());
        await expect(refusing.subscribe(hear, nothing)).rejects.toMatchObject({
          code: "BUS_TOPOLOGY",
          message: expect.stringContaining(what),
        });
        await streams.delete(name);
      }
    },
  );

  it.skipIf(urlOf("nats") === undefined)(
    titleOf("nats", "NATS: fewer replicas, or a consumer that redelivers too soon"),
    async () => {
      await using connection = closing(await connect({ servers: serverUrl("nats") }));
      const { streams } = await jetstreamManager(connection);
      const stream = `X${process.pid}`;
      const options = { servers: serverUrl("nats"), stream, prefix: stream };
      await using first = closing(nats({ ...options, ackWaitMs: 1_000 }));
      await first.subscribe(hear, nothing);
      for (const [change, what] of [
        [{ replicas: 3 }, "replicas"],
        [{ ackWaitMs: 2_000 }, "ackWaitMs"],
      ] as const) {
        await using refusing = closing(nats({ ...options, ...change }));
        await expect(refusing.subscribe(hear, nothing)).rejects.toMatchObject({
          code: "BUS_TOPOLOGY",
          message: expect.stringContaining(what),
        });
      }
      await first.close();
      await streams.delete(stream);
    },
  );

  it.skipIf(urlOf("rabbitmq") === undefined)(
    titleOf(
      "rabbitmq",
      "RabbitMQ: an exchange of another kind, a queue that is not a quorum queue",
    ),
    async () => {
      await using own = closing(new Connection(serverUrl("rabbitmq")));
      const exchange = `w${process.pid}`;
      const bus = () => rabbitmq({ url: serverUrl("rabbitmq"), exchange, settleMs: 0 });
      await own.exchangeDeclare({ exchange, type: "direct", durable: true });
      await using first = closing(bus());
      await expect(first.subscribe(hear, nothing)).rejects.toMatchObject({
        code: "BUS_TOPOLOGY",
        message: expect.stringContaining(exchange),
      });
      await own.exchangeDelete({ exchange });
      const queue = `${exchange}.a:${placed.type}`;
      await own.queueDeclare({ queue, durable: true });
      await using second = closing(bus());
      await expect(second.subscribe(hear, nothing)).rejects.toMatchObject({
        code: "BUS_TOPOLOGY",
        message: expect.stringContaining(queue),
      });
      await own.queueDelete(queue);
    },
  );

  it.skipIf(urlOf("kafka") === undefined)(
    titleOf("kafka", "Kafka: a topic that is compacted, or keeps for too long"),
    async () => {
      await using admin = closing(
        new Admin({ clientId: "test", bootstrapBrokers: [serverUrl("kafka")] }),
      );
      for (const [config, what] of [
        [{ name: "cleanup.policy", value: "compact" }, "compact"],
        [{ name: "retention.ms", value: "-1" }, "retention.ms"],
        [{ name: "max.message.bytes", value: "16384" }, "max.message.bytes"],
      ] as const) {
        const prefix = `w${process.pid}.${what}.`;
        await admin.createTopics({
          topics: [`${prefix}${placed.type}`],
          partitions: 1,
          replicas: 1,
          configs: [config],
        });
        await using bus = closing(kafka({ brokers: serverUrl("kafka"), prefix }));
        await expect(bus.subscribe(hear, nothing)).rejects.toMatchObject({
          code: "BUS_TOPOLOGY",
          message: expect.stringContaining(what),
        });
        await admin.deleteTopics({ topics: [`${prefix}${placed.type}`] });
      }
    },
  );

  it.skipIf(urlOf("kafka") === undefined)(
    titleOf("kafka", "Kafka: names of topics that collide"),
    async () => {
      const prefix = `c${process.pid}.`;
      const event = (type: string) => envelope(placed, "s", { orderId: "o" }, { type });
      await using bus = closing(kafka({ brokers: serverUrl("kafka"), prefix, partitions: 1 }));
      const publish = (type: string) => bus.publish([event(type)]).then(checkAccepted);
      await publish("order_item.placed.v1");
      await expect(publish("order.item_placed.v1")).rejects.toMatchObject({
        code: "BUS_TOPOLOGY",
        message: expect.stringContaining(`${prefix}order_item.placed.v1 collide`),
      });
      await publish("order_item.placed.v1");
    },
  );

  it("an inbox that forgets before the broker does is refused", async () => {
    await using bus = closing(kafka({ brokers: "127.0.0.1:1", retentionMs: 40 * DAY_MS }));
    await expect(start(service("shop"), { store: memoryStore(), bus })).rejects.toMatchObject({
      code: "RETENTION_TOO_SHORT",
    });
  });
});
