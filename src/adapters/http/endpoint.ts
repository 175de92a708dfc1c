import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { OdoriError } from "../../contract/errors.ts";
import { busClosed } from "../../ports/errors.ts";
import { encodeRequest } from "./encode.ts";
import { endpointAway, GONE, replyError } from "./errors.ts";
import { post } from "./post.ts";
import type { EndpointSettings } from "./settings.ts";

/** Most requests to one subscriber at once. Few batches, so that they grow under load. */
const REQUESTS_MAX = { binary: 32, structured: 32, batch: 4 } as const;
/** Most events of one request. */
const EVENTS_MAX = { binary: 1, structured: 1, batch: 50 } as const;

/** The subscriber refuses one of the events of a request. */
const OF_ONE_EVENT: readonly string[] = ["BUS_REFUSED", "PAYLOAD_TOO_LARGE"];

interface Sending {
  readonly event: EventEnvelope;
  accept(): void;
  refuse(error: unknown): void;
}

/**
 * One subscriber. While it does not take events, further ones are refused without a request, for as
 * long as it asks for, or for a growing pause: events of other subscribers are not kept back.
 */
export class Endpoint {
  readonly settings: EndpointSettings;
  readonly #closing = new AbortController();
  #waiting: Sending[] = [];
  #requests = 0;
  #failures = 0;
  /** Until when nothing is sent, on the monotonic clock, and why. */
  #away: { readonly until: number; readonly error: OdoriError } | undefined;

  constructor(settings: EndpointSettings) {
    this.settings = settings;
  }

  /** Resolves once the subscriber has accepted the event; rejects with the reason. */
  send(event: EventEnvelope): Promise<void> {
    return new Promise((accept, refuse) => {
      this.#waiting.push({ event, accept, refuse });
      // Events that are published together become one batch.
      queueMicrotask(() => this.#pump());
    });
  }

  close(): void {
    this.#closing.abort();
    this.#pump();
  }

  #pump(): void {
    const { mode } = this.settings;
    while (this.#waiting.length > 0 && this.#requests < REQUESTS_MAX[mode]) {
      const sendings = this.#waiting.splice(0, EVENTS_MAX[mode]);
      this.#requests++;
      this.#post(sendings).finally(() => {
        this.#requests--;
        this.#pump();
      });
    }
  }

  async #post(sendings: readonly Sending[]): Promise<void> {
    const error = await this.#problem(sendings.map(({ event }) => event));
    if (error === undefined) for (const { accept } of sendings) accept();
    else if (sendings.length > 1 && OF_ONE_EVENT.includes(error.code))
      // Alone, each event has a reply of its own.
      for (const sending of sendings) await this.#post([sending]);
    else for (const { refuse } of sendings) refuse(error);
  }

  /** Why the subscriber does not accept the events; undefined: it has accepted them. */
  async #problem(events: readonly EventEnvelope[]): Promise<OdoriError | undefined> {
    const { url, place, timeoutMs } = this.settings;
    if (this.#closing.signal.aborted) return busClosed(place);
    if (this.#away !== undefined && performance.now() < this.#away.until) return this.#away.error;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const outgoing = encodeRequest(this.settings, events, Date.now());
      const { status, reason, retryAfterMs } = await post(url, outgoing, signal);
      if (status >= 200 && status < 300) return this.#works();
      const error = replyError(place, status, reason);
      if (status === GONE) this.#holdBack(Number.POSITIVE_INFINITY, error);
      else if (error.code === "ENDPOINT_AWAY") this.#fail(retryAfterMs, error);
      return error;
    } catch (cause) {
      if (this.#closing.signal.aborted) return busClosed(place);
      const error = endpointAway(place, whyOf(cause));
      this.#fail(undefined, error);
      return error;
    }
  }

  #works(): undefined {
    this.#failures = 0;
    this.#away = undefined;
  }

  #fail(retryAfterMs: number | undefined, error: OdoriError): void {
    this.#failures++;
    this.#holdBack(retryAfterMs ?? redeliveryPauseMs(this.#failures), error);
  }

  #holdBack(delayMs: number, error: OdoriError): void {
    this.#away = { until: performance.now() + delayMs, error };
  }
}

/** `fetch` keeps the reason in the cause; that of several addresses is a list without a message. */
function whyOf(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof AggregateError)) return cause;
  const errors: readonly unknown[] = cause.errors;
  return errors[0] ?? cause;
}
