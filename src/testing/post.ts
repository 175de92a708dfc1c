import type { EventEnvelope } from "../contract/envelope.ts";
import type {
  Bus,
  Deliver,
  Incoming,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "../ports/bus.ts";

interface Held {
  readonly incoming: Incoming;
  resolve(): void;
  reject(error: unknown): void;
}

/** The messages of one service. Those that come while it is away wait here. */
class Letterbox {
  #deliver: Deliver | undefined;
  #held: Held[] = [];
  readonly #inFlight = new Set<Promise<void>>();

  /** How many messages wait for the service. */
  get waiting(): number {
    return this.#held.length;
  }

  take(incoming: Incoming): Promise<void> {
    const deliver = this.#deliver;
    if (deliver !== undefined) return this.#hand(deliver, incoming);
    return new Promise((resolve, reject) => {
      this.#held.push({ incoming, resolve, reject });
    });
  }

  join(deliver: Deliver): Subscription {
    this.#deliver = deliver;
    for (const { incoming, resolve, reject } of this.#held.splice(0))
      this.#hand(deliver, incoming).then(resolve, reject);
    return {
      close: async () => {
        if (this.#deliver === deliver) this.#deliver = undefined;
        await Promise.allSettled(this.#inFlight);
      },
    };
  }

  #hand(deliver: Deliver, incoming: Incoming): Promise<void> {
    const delivery = deliver(incoming).finally(() => this.#inFlight.delete(delivery));
    this.#inFlight.add(delivery);
    return delivery;
  }
}

/**
 * A bus that keeps the messages of a service which is away, as a broker does, and notes each event.
 * The in-process bus alone refuses them for all services.
 */
export class RehearsalBus implements Bus {
  readonly guarantees: Bus["guarantees"];
  /** Every event, once, in the order of publishing. */
  readonly events: EventEnvelope[] = [];
  /** The sagas that have an event, in the order of the first one. */
  readonly sagas: string[] = [];
  readonly #seen = new Set<string>();
  readonly #inner: Bus;
  readonly #boxes = new Map<string, Letterbox>();

  constructor(inner: Bus) {
    this.#inner = inner;
    this.guarantees = inner.guarantees;
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    for (const event of events) this.#note(event);
    return this.#inner.publish(events);
  }

  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const known = this.#boxes.get(options.group);
    if (known !== undefined) return known.join(deliver);
    const box = new Letterbox();
    await this.#inner.subscribe(options, (incoming) => box.take(incoming));
    this.#boxes.set(options.group, box);
    return box.join(deliver);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** How many messages wait for a service that is away. */
  waiting(service: string): number {
    return this.#boxes.get(service)?.waiting ?? 0;
  }

  #note(event: EventEnvelope): void {
    const key = `${event.source} ${event.id} ${event.type}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.events.push(event);
    if (!this.sagas.includes(event.sagaId)) this.sagas.push(event.sagaId);
  }
}
