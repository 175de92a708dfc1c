import type { Bus, EventEnvelope } from "odori";
import { busRefused, busUnavailable, type PublishResult } from "odori/adapter";

/** A bus that refuses the events a test names, and counts how often each other one is accepted. */
export class StrictBus implements Bus {
  readonly guarantees: Bus["guarantees"];
  readonly accepted = new Map<string, number>();
  /** Whether the broker is gone: `publish` rejects. */
  away = false;
  refuses: (event: EventEnvelope) => boolean = () => false;
  /** Rejects for all events of a call if it refuses one, as an adapter must not. */
  allOrNothing = false;
  readonly #inner: Bus;

  constructor(inner: Bus) {
    this.#inner = inner;
    this.guarantees = inner.guarantees;
  }

  async publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    if (this.away) throw busUnavailable("the test", new Error("it is away"));
    const rest = (await this.#inner.publish(events.filter((one) => !this.refuses(one)))).values();
    const results: PublishResult[] = [];
    for (const event of events) {
      if (this.refuses(event)) {
        const error = busRefused("the test", new Error(`it does not like ${event.type}`));
        if (this.allOrNothing) throw error;
        results.push({ accepted: false, error });
      } else {
        const result = rest.next().value;
        if (result?.accepted) this.#count(event);
        if (result !== undefined) results.push(result);
      }
    }
    return results;
  }

  subscribe(...args: Parameters<Bus["subscribe"]>): ReturnType<Bus["subscribe"]> {
    return this.#inner.subscribe(...args);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #count({ sagaId, type }: EventEnvelope): void {
    const key = `${sagaId} ${type}`;
    this.accepted.set(key, (this.accepted.get(key) ?? 0) + 1);
  }
}
