import { randomUUID } from "node:crypto";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Servers, ServiceName } from "../harness/contestant.ts";
import type { Wire } from "./batches.ts";
import { type Message, nextOf } from "./message.ts";

/** Straight to the next service, in this process. */
export async function inProcess(): Promise<Wire> {
  const takers = new Map<ServiceName, (messages: readonly Message[]) => Promise<void>>();
  return {
    async send(from, messages) {
      const next = nextOf(from);
      if (next !== undefined) await takers.get(next)?.(messages);
    },
    async listen(service, take) {
      takers.set(service, take);
    },
    close: async () => {},
  };
}

const ACK_PENDING = 400;

/**
 * One stream, a durable pull consumer for each service; a batch is published in one window with
 * message ids, and acknowledged after its commit.
 */
export function overJetStream(servers: Servers): Promise<Wire> {
  return jetStream(servers, (messages) => messages.map((message) => [message]));
}

/** The same, but what a commit has left is one message. */
export function overJetStreamInFrames(servers: Servers): Promise<Wire> {
  return jetStream(servers, (messages) => [messages]);
}

type Frame = readonly Message[];

async function jetStream(
  { nats }: Servers,
  framesOf: (messages: Frame) => readonly Frame[],
): Promise<Wire> {
  const connection = await connect({ servers: nats, noAsyncTraces: true });
  const manager = await jetstreamManager(connection);
  const client = jetstream(connection);
  const name = `ceiling${randomUUID().slice(0, 8)}`;
  await manager.streams.add({ name, subjects: [`${name}.>`] });
  const text = new TextEncoder();
  return {
    async send(from, messages) {
      const next = nextOf(from);
      if (next === undefined) return;
      await Promise.all(
        framesOf(messages).map((frame) =>
          client.publish(`${name}.${next}`, text.encode(JSON.stringify(frame)), {
            msgID: frame[0]?.id ?? "",
          }),
        ),
      );
    },
    async listen(service, take) {
      await manager.consumers.add(name, {
        durable_name: service,
        filter_subject: `${name}.${service}`,
        ack_policy: AckPolicy.Explicit,
        max_ack_pending: ACK_PENDING,
      });
      const consumer = await client.consumers.get(name, service);
      const messages = await consumer.consume({ max_messages: ACK_PENDING });
      (async () => {
        for await (const message of messages) {
          take(message.json<Frame>()).then(
            () => message.ack(),
            () => message.nak(),
          );
        }
      })();
    },
    async close() {
      await manager.streams.delete(name);
      await connection.close();
    },
  };
}
