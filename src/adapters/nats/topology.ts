import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { checkMessageLimit } from "../../cloudevents/message-limit.ts";
import { busTopology } from "../../ports/errors.ts";
import { consumerOf, type NatsSettings, subjectOf } from "./options.ts";

const NANOS_PER_MS = 1_000_000;
// Error codes of JetStream's API:
// https://github.com/nats-io/nats-server/blob/main/server/errors.json
const STREAM_NOT_FOUND = 10_059;
const STREAM_IN_USE = 10_058;
const CONSUMER_NOT_FOUND = 10_014;

/**
 * Creates the stream, or verifies an existing one. It must keep acknowledged events, which a work
 * queue or interest stream deletes, and must not discard old events for new ones. Throws
 * `BUS_TOPOLOGY`.
 */
export async function ensureStream(
  manager: JetStreamManager,
  settings: NatsSettings,
): Promise<void> {
  const { stream, prefix, replicas, maxAgeMs } = settings;
  const config = await configOf(manager, stream);
  if (config === undefined) {
    try {
      await manager.streams.add({
        name: stream,
        subjects: [`${prefix}.>`],
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        storage: StorageType.File,
        num_replicas: replicas,
        max_age: maxAgeMs * NANOS_PER_MS,
      });
    } catch (error) {
      if (!isCode(error, STREAM_IN_USE)) throw error;
      // Another process has created it: verify that one.
      return ensureStream(manager, settings);
    }
    return;
  }
  const refuse = (what: string, hint: string) => busTopology(`The stream ${stream} ${what}.`, hint);
  if (!config.subjects.some((subject) => subject === `${prefix}.>` || subject === ">")) {
    throw refuse(
      `keeps ${config.subjects.join(", ")}, not ${prefix}.>`,
      "Name another stream, or another prefix.",
    );
  }
  if (config.retention !== RetentionPolicy.Limits)
    throw refuse(
      `has retention ${config.retention}`,
      "It needs `limits`: the others delete events that a restart needs.",
    );
  if (config.discard !== DiscardPolicy.New)
    throw refuse(
      "discards old events to make room",
      "Set its discard policy to `new`: a full stream must refuse.",
    );
  if (config.storage !== StorageType.File)
    throw refuse("is kept in memory", "Create it again with file storage.");
  if (config.max_msgs_per_subject > 0)
    throw refuse(
      `keeps ${config.max_msgs_per_subject} events of a type (max_msgs_per_subject)`,
      "Set it to -1: the others are deleted before they are heard.",
    );
  if (config.num_replicas < replicas)
    throw refuse(
      `has ${config.num_replicas} replicas, fewer than the option replicas (${replicas})`,
      "Raise num_replicas of the stream, or lower the option.",
    );
  if (config.max_msg_size > 0)
    checkMessageLimit(`max_msg_size of the stream ${stream}`, config.max_msg_size);
  const ageMs = config.max_age / NANOS_PER_MS;
  if (ageMs === 0 || ageMs > maxAgeMs) {
    const kept = ageMs === 0 ? "for ever" : `for ${ageMs} ms`;
    throw refuse(
      `keeps events ${kept}, longer than maxAgeMs (${maxAgeMs})`,
      "Set maxAgeMs to that value, and retentionMs of the services above it.",
    );
  }
}

/**
 * Creates a group's consumer of one type, or verifies an existing one, which keeps its position. A
 * new consumer begins with the oldest event of the stream. Throws `BUS_TOPOLOGY`.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  settings: NatsSettings,
  group: string,
  type: string,
): Promise<void> {
  const { stream, ackWaitMs } = settings;
  const name = consumerOf(group, type);
  const known = await manager.consumers.info(stream, name).catch((error: unknown) => {
    if (isCode(error, CONSUMER_NOT_FOUND)) return undefined;
    throw error;
  });
  if (known === undefined) {
    await manager.consumers.add(stream, {
      name,
      durable_name: name,
      filter_subject: subjectOf(settings, type),
      ack_policy: AckPolicy.Explicit,
      ack_wait: ackWaitMs * NANOS_PER_MS,
      deliver_policy: DeliverPolicy.All,
      // The runtime limits attempts, and each member its deliveries in flight.
      max_deliver: -1,
      max_ack_pending: -1,
    });
    return;
  }
  const { filter_subject, ack_policy, max_deliver = -1, ack_wait = 0 } = known.config;
  if (
    filter_subject !== subjectOf(settings, type) ||
    ack_policy !== AckPolicy.Explicit ||
    max_deliver > 0
  ) {
    throw busTopology(
      `The consumer ${name} has filter ${filter_subject}, ack policy ${ack_policy} ` +
        `and max_deliver ${max_deliver}.`,
      "Delete it. It is created again, and the inbox recognises repeated events.",
    );
  }
  // A member reports progress three times in that time: with a shorter one it comes too late.
  if (ack_wait < ackWaitMs * NANOS_PER_MS)
    throw busTopology(
      `The consumer ${name} redelivers after ${ack_wait / NANOS_PER_MS} ms, ` +
        `before ackWaitMs (${ackWaitMs}).`,
      "Set ackWaitMs to that value, or raise ack_wait of the consumer.",
    );
}

async function configOf(
  manager: JetStreamManager,
  stream: string,
): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(stream)).config;
  } catch (error) {
    if (isCode(error, STREAM_NOT_FOUND)) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
