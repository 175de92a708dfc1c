import { quote } from "../../contract/grammar.ts";
import type { Deliver, Incoming, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import { atMost, systemEnvironment } from "../../ports/environment.ts";
import { collectBody, type Pieces } from "./body.ts";
import { Group } from "./group.ts";
import { readRequest } from "./read.ts";
import { againLater, type Reply, refusalOf, replyOf } from "./reply.ts";
import type { ReceiveSettings } from "./settings.ts";
import { signatureProblem } from "./signature.ts";

/** A request, of any server. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Pieces | null;
  /** Aborted once no reply can be sent. */
  readonly signal: AbortSignal;
}

const METHODS = "POST, OPTIONS";

/**
 * Takes requests, and delivers their events to the groups of this process. The reply is 2xx once
 * each group that hears them has acknowledged every event.
 */
export class Receiver {
  readonly #settings: ReceiveSettings;
  readonly #groups = new Map<string, Group>();
  /** Requests with a delivery that has not settled. */
  #requests = 0;
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(settings: ReceiveSettings) {
    this.#settings = settings;
  }

  join(options: SubscribeOptions, deliver: Deliver): Subscription {
    const group = this.#groups.get(options.group) ?? new Group();
    this.#groups.set(options.group, group);
    const member = group.join(options, deliver);
    return { backlog: async () => group.open, close: () => group.leave(member) };
  }

  /** Takes no more requests, and resolves once those under way have a reply. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#requests === 0) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    // By then each has its reply, even if a delivery never settles.
    await atMost(systemEnvironment, this.#settings.replyMs, idle);
  }

  async receive(request: HttpRequest): Promise<Reply> {
    const { method, headers } = request;
    if (method === "OPTIONS") return this.#handshake(headers);
    if (method !== "POST") return refusalOf(405, "Events come with POST.", { allow: METHODS });
    if (this.#closed || [...this.#groups.values()].every((group) => group.away))
      return againLater("The service is not running.");
    if (this.#requests >= this.#settings.requestsMax)
      return againLater("Too many requests at once.");
    this.#requests++;
    const work: Promise<unknown>[] = [];
    try {
      return await this.#take(request, work);
    } finally {
      // A delivery that goes on after the reply still has its place.
      Promise.allSettled(work).then(() => this.#settled());
    }
  }

  #settled(): void {
    this.#requests--;
    if (this.#requests > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  async #take(request: HttpRequest, work: Promise<unknown>[]): Promise<Reply> {
    const { headers, signal } = request;
    const { keys, bodyMs, replyMs } = this.#settings;
    if ((headers.get("content-encoding") ?? "identity") !== "identity")
      return refusalOf(415, "Compressed bodies are not read.", { "accept-encoding": "identity" });
    const body = await collectBody(request.body, headers, bodyMs);
    if (!(body instanceof Uint8Array)) return body;
    const now = Date.now();
    const signed = keys.length > 0;
    const problem = signed ? signatureProblem(keys, headers, body, now) : undefined;
    if (problem !== undefined)
      return refusalOf(401, `Not accepted: ${problem}.`, { "www-authenticate": "Webhook" });
    const events = readRequest(headers, body, { signed, now });
    if ("status" in events) return events;
    const hearers = events.flatMap((incoming) => this.#hearers(incoming));
    // Its events must wait, unless it hears none of them.
    if (hearers.some((group) => group.away)) return againLater("The service is not running.");
    const unheard = events.find((incoming) => this.#hearers(incoming).length === 0);
    if (unheard !== undefined)
      return refusalOf(422, `This service does not hear ${quote(topicHeard(unheard))}.`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(replyMs)]);
    for (const incoming of events)
      for (const group of this.#hearers(incoming)) work.push(group.deliver(incoming, limit));
    return (await areSettled(work, limit))
      ? acknowledgementOf(events)
      : againLater("The service cannot take it now.");
  }

  #hearers(incoming: Incoming): readonly Group[] {
    return [...this.#groups.values()].filter((group) => group.hears(topicHeard(incoming)));
  }

  /** CloudEvents WebHook 1.0.2, section 4: a sender asks whether it may send. */
  #handshake(headers: Headers): Reply {
    const origin = headers.get("webhook-request-origin");
    const { origins } = this.#settings;
    const permitted = origin !== null && (origins.includes("*") || origins.includes(origin));
    const rate = headers.has("webhook-request-rate") ? { "webhook-allowed-rate": "*" } : {};
    const granted = permitted ? { "webhook-allowed-origin": origin, ...rate } : {};
    return replyOf(200, { allow: METHODS, ...granted });
  }
}

function topicHeard(incoming: Incoming): string {
  return "malformed" in incoming ? incoming.topic : incoming.type;
}

/** 202 for a message that cannot be read: it is kept, and its sender should know. */
function acknowledgementOf(events: readonly Incoming[]): Reply {
  for (const incoming of events)
    if ("malformed" in incoming) return refusalOf(202, `Kept, but: ${incoming.error.message}`);
  return replyOf(204);
}

/** Whether all deliveries are acknowledged before `limit` is aborted. */
async function areSettled(work: readonly Promise<unknown>[], limit: AbortSignal): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  limit.addEventListener("abort", () => resolve(false), { once: true });
  const all = Promise.all(work).then(
    () => true,
    () => false,
  );
  return Promise.race([all, late]);
}
