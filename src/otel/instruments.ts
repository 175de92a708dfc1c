import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";

/** Of the messaging conventions, in seconds. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** A service may have been away for a while. */
const LAGS = [...DURATIONS, 30, 60, 300, 900, 3_600];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** The name that the conventions ask for, of the system that messages go through. */
export const SYSTEM = { "messaging.system": "odori" } as const;

/** The instruments that the runtime's work is recorded with. */
export class Instruments {
  readonly processed: Histogram;
  readonly operated: Histogram;
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly lag: Histogram;
  readonly commit: Histogram;

  constructor(meter: Meter) {
    const seconds = (name: string, description: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries } });
    const messages = (name: string, description: string) =>
      meter.createCounter(name, { description, unit: "{message}" });
    this.processed = seconds(
      "messaging.process.duration",
      "Time from the first run of a delivery to its commit.",
      DURATIONS,
    );
    this.operated = seconds(
      "messaging.client.operation.duration",
      "Time until the bus has confirmed a call.",
      DURATIONS,
    );
    this.sent = messages(
      "messaging.client.sent.messages",
      "Events that the bus was asked to take.",
    );
    this.consumed = messages(
      "messaging.client.consumed.messages",
      "Messages that the bus has delivered, with those that came again.",
    );
    this.lag = seconds(
      "odori.delivery.lag",
      "Time from the emission of an event to the first run of its delivery.",
      LAGS,
    );
    this.commit = meter.createHistogram("odori.commit.size", {
      description: "Deliveries and beginnings in one commit.",
      unit: "{delivery}",
      advice: { explicitBucketBoundaries: SIZES },
    });
  }
}

/** The attribute of a failure; none for a success. */
export function errorType(code: string | undefined): Attributes {
  return code === undefined ? {} : { "error.type": code };
}
