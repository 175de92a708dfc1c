import type { ErrorEntry } from "./entry.ts";

/** Buses and their brokers. */
export const BUS_CODES = {
  BUS_CLOSED: {
    delivery: "none",
    meaning: "The bus was closed while events were published.",
    hint: "Stop the services before the bus. The events stay in the outbox.",
  },
  BUS_UNAVAILABLE: {
    delivery: "none",
    meaning: "The broker cannot be reached or does not answer.",
    hint: "Check that it runs, and the credentials. The events stay in the outbox.",
  },
  BUS_FORBIDDEN: {
    delivery: "none",
    meaning: "The broker refuses an operation of the service.",
    hint: "Grant what `odori acl` prints.",
  },
  BUS_REFUSED: {
    delivery: "none",
    meaning: "The broker refuses one event, such as for a full queue, and accepts others.",
    hint: "Look at the queue or topic of its type. The event stays in the outbox, and is retried.",
  },
  BUS_TOPOLOGY: {
    delivery: "none",
    meaning: "A stream, queue, topic or limit of the broker has other settings than are needed.",
    hint: "Change the options or the broker; Odori does not change what it did not create.",
  },
  QUEUE_LEADERLESS: {
    delivery: "none",
    meaning:
      "RabbitMQ knows a quorum queue, and does not reply to its consumer: no member leads it.",
    hint: "Start the nodes of its members; if all run, hold the election that the message names.",
  },
  UNROUTABLE: {
    delivery: "none",
    meaning: "No queue of RabbitMQ, or no subscriber over HTTP, is there for the type of an event.",
    hint: "Start the service that hears the type once, or name the type in `unheard`.",
  },
  ENDPOINT_AWAY: {
    delivery: "none",
    meaning: "A subscriber over HTTP cannot be reached, or does not take events now.",
    hint: "Check its URL, and that it is running. The event stays in the outbox, and is retried.",
  },
  GROUP_UNKNOWN: {
    delivery: "none",
    meaning: "The in-process bus was made without this service.",
    hint: "Name every service when the bus is made.",
  },
  GROUP_AWAY: {
    delivery: "none",
    meaning: "A service of the in-process bus has no running member.",
    hint: "Start the service. The events stay in the outbox.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
