/** Lists the protocols with a CloudEvents binding. */
export const PROTOCOLS = ["nats", "kafka", "amqp", "http"] as const;
/** A protocol with a CloudEvents binding. */
export type Protocol = (typeof PROTOCOLS)[number];

/** Versions of the AsyncAPI bindings. They are always written, because "latest" changes. */
const NATS_BINDING = { bindingVersion: "0.1.0" } as const;
const KAFKA_BINDING = { bindingVersion: "0.5.0" } as const;
const AMQP_BINDING = { bindingVersion: "0.3.0" } as const;

/** Prefixes of the headers that carry CloudEvents attributes. */
const PREFIXES: Readonly<Record<Protocol, string>> = {
  nats: "ce-",
  http: "ce-",
  kafka: "ce_",
  amqp: "cloudEvents:",
};

/** Returns the header of a CloudEvents attribute: `ce-correlationid`. */
export function headerName(protocol: Protocol, attribute: string): string {
  return `${PREFIXES[protocol]}${attribute}`;
}

/** Returns the bindings of the channel of one event type. */
export function channelBindings(type: string): unknown {
  return {
    kafka: { topic: type, ...KAFKA_BINDING },
    amqp: {
      is: "routingKey",
      exchange: { name: "odori", type: "topic", durable: true, autoDelete: false },
      ...AMQP_BINDING,
    },
  };
}

/** Returns the bindings of an operation that receives. */
export function receiveBindings(service: string): unknown {
  return {
    nats: { queue: service, ...NATS_BINDING },
    kafka: { groupId: { type: "string", enum: [service] }, ...KAFKA_BINDING },
    amqp: { ack: true, ...AMQP_BINDING },
  };
}

/** Returns the bindings of an operation that sends. */
export function sendBindings(): unknown {
  // 2 is AMQP's "persistent": the message survives a restart of the broker.
  return { amqp: { deliveryMode: 2, mandatory: true, ...AMQP_BINDING } };
}

/** Returns the bindings of the message of one event type. */
export function messageBindings(type: string): unknown {
  return {
    kafka: {
      key: {
        type: "string",
        description: "Id of the saga, so that the events of one saga stay in order.",
      },
      ...KAFKA_BINDING,
    },
    amqp: { messageType: type, ...AMQP_BINDING },
  };
}

const text = { type: "string" } as const;
const ATTRIBUTES = {
  specversion: { type: "string", const: "1.0" },
  id: { ...text, minLength: 1 },
  source: { ...text, minLength: 1, description: "The service that emits the event: /payment." },
  time: { ...text, format: "date-time" },
  subject: text,
  partitionkey: text,
  sagaid: { ...text, minLength: 1, description: "Id of the saga that the event belongs to." },
  correlationid: { ...text, description: "Id that the saga shares with the sagas that it begins." },
  causationid: { ...text, description: "Id of the event that caused this one." },
  traceparent: text,
  tracestate: text,
} as const;
const REQUIRED = ["specversion", "id", "source", "type", "sagaid"];

/** Returns the JSON Schema of the headers of one event type. */
export function headersSchema(protocol: Protocol, type: string): unknown {
  const attributes = { ...ATTRIBUTES, type: { type: "string", const: type } };
  return {
    type: "object",
    required: REQUIRED.map((attribute) => headerName(protocol, attribute)),
    properties: Object.fromEntries(
      Object.entries(attributes).map(([name, schema]) => [headerName(protocol, name), schema]),
    ),
  };
}

/** Returns example headers for an event type that the service `source` emits. */
export function exampleHeaders(protocol: Protocol, type: string, source: string): unknown {
  const attributes = {
    specversion: "1.0",
    id: "01890a5d-ac96-774b-bcce-b302099a8057",
    source: `/${source}`,
    type,
    time: "2026-01-01T12:00:00.000Z",
    sagaid: "saga-1",
    correlationid: "saga-1",
  };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [headerName(protocol, name), value]),
  );
}
