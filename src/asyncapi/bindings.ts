/** What travels beside the payload, and where: the CloudEvents binding of each protocol. */
export const PROTOCOLS = ["nats", "kafka", "amqp", "http"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Versions of the AsyncAPI bindings, always written, since "latest" moves. */
const NATS = { bindingVersion: "0.1.0" } as const;
const KAFKA = { bindingVersion: "0.5.0" } as const;
const AMQP = { bindingVersion: "0.3.0" } as const;

/** How each protocol's headers for CloudEvents attributes begin. */
const PREFIXES: Readonly<Record<Protocol, string>> = {
  nats: "ce-",
  http: "ce-",
  kafka: "ce_",
  amqp: "cloudEvents:",
};

/** A CloudEvents attribute's header: `ce-correlationid`. */
export function headerName(protocol: Protocol, attribute: string): string {
  return `${PREFIXES[protocol]}${attribute}`;
}

export function channelBindings(type: string): unknown {
  return {
    kafka: { topic: type, ...KAFKA },
    amqp: {
      is: "routingKey",
      exchange: { name: "odori", type: "topic", durable: true, autoDelete: false },
      ...AMQP,
    },
  };
}

export function receiveBindings(service: string): unknown {
  return {
    nats: { queue: service, ...NATS },
    kafka: { groupId: { type: "string", enum: [service] }, ...KAFKA },
    amqp: { ack: true, ...AMQP },
  };
}

export function sendBindings(): unknown {
  // 2 is AMQP's "persistent": the message survives a restart of the broker.
  return { amqp: { deliveryMode: 2, mandatory: true, ...AMQP } };
}

export function messageBindings(type: string): unknown {
  return {
    kafka: {
      key: { type: "string", description: "The saga's id, so that one saga stays in order." },
      ...KAFKA,
    },
    amqp: { messageType: type, ...AMQP },
  };
}

const text = { type: "string" } as const;
const ATTRIBUTES = {
  specversion: { type: "string", const: "1.0" },
  id: { ...text, minLength: 1 },
  source: { ...text, minLength: 1, description: "The service that emits it: /payment." },
  time: { ...text, format: "date-time" },
  subject: text,
  partitionkey: text,
  sagaid: { ...text, minLength: 1, description: "The saga that it belongs to." },
  correlationid: { ...text, description: "What the saga, and whatever it began, belongs to." },
  causationid: { ...text, description: "The id of the event that led to it." },
  traceparent: text,
} as const;
const REQUIRED = ["specversion", "id", "source", "type", "sagaid"];

/** The CloudEvents attributes of one event type, as headers. */
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
