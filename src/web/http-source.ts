import { encodeJson } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Deferred, DeferredState } from "../ports/deferred.ts";
import type { CountsQuery, SagaHistory, SagaQuery, StoreInspection } from "../ports/inspection.ts";
import type { JournalSource, SourceAbout } from "../ports/source.ts";
import { givenList, givenRecord, givenTexts } from "./checked.ts";
import { JOURNAL_MAX, PAGE_ROWS_MAX, PAGE_SAGAS_MAX } from "./source-limits.ts";
import { malformedReply, postTo, type SourceAddress, TooLarge } from "./source-post.ts";
import {
  countsReplied,
  deferredReplied,
  feedPageReplied,
  historiesReplied,
  journalReplied,
  outboxReplied,
  placesReplied,
} from "./source-reply.ts";
import { tokenComparison } from "./token.ts";

/** Options of `httpSource`. */
export interface HttpSourceOptions {
  /** Where the service has mounted its `sourceHandler`. Without a user and a password. */
  readonly url: string;
  /** The token of the endpoint: 16 characters or more. */
  readonly token: string;
  /**
   * The service that has to be there: another one is refused.
   * @default any
   */
  readonly service?: string;
  /**
   * After how long a question counts as unanswered, in milliseconds.
   * @default 10_000
   */
  readonly timeoutMs?: number;
}

/**
 * Reads the journal of a service over HTTP, for `odoriConsole`: the service answers with
 * `sourceHandler`, and keeps the credentials of its database. Replies are bounded, and checked
 * before anything follows from them. Throws `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * import { httpSource } from "odori/web";
 *
 * const source = httpSource({
 *   url: "https://payment.shop.example/odori/source",
 *   token: process.env.ODORI_SOURCE_TOKEN ?? "",
 *   service: "payment",
 * });
 * console.log((await source.about()).service);
 * await source.close();
 * ```
 */
export function httpSource(options: HttpSourceOptions): JournalSource {
  return new HttpSource(options);
}

class HttpSource implements JournalSource {
  readonly inspect: StoreInspection;
  readonly isServed = true;
  readonly #ask: Ask;
  readonly #service: string | undefined;

  constructor({ url, token, service, timeoutMs = 10_000 }: HttpSourceOptions) {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    const isPlain = address?.username === "" && address.password === "";
    if (address === undefined || !/^https?:$/.test(address.protocol) || !isPlain)
      throw new OdoriError("OPTION_INVALID", "url is not the address of a source.", {
        hint: "Write https://service.example/odori/source; the token is an option of its own.",
      });
    tokenComparison(token);
    this.#ask = asking({ url: address.href, token, timeoutMs });
    this.#service = service;
    this.inspect = new HttpInspection(this.#ask);
  }

  async about(): Promise<SourceAbout> {
    // The validation of manifests is loaded only where there are some to read.
    const { aboutReplied } = await import("./source-about.ts");
    return this.#ask({ call: "about" }, (value) => {
      const about = aboutReplied(value);
      if (this.#service !== undefined && about.service !== this.#service)
        throw new TypeError(`it is ${about.service}, and not ${this.#service}`);
      return about;
    });
  }

  feed(after: string | undefined, limit: number) {
    const most = Math.min(limit, PAGE_ROWS_MAX);
    return this.#ask({ call: "feed", after, limit: most }, (value) => feedPageReplied(value, most));
  }

  outbox(limit: number) {
    const most = Math.min(limit, PAGE_ROWS_MAX);
    return this.#ask({ call: "outbox", limit: most }, (value) => outboxReplied(value, most));
  }

  async close(): Promise<void> {}
}

type Ask = <T>(question: object, read: (value: unknown) => T) => Promise<T>;

function asking(address: SourceAddress): Ask {
  return async (question, read) => {
    const value = await postTo(address, question);
    try {
      return read(value);
    } catch (cause) {
      throw malformedReply(new URL(address.url).host, cause);
    }
  };
}

class HttpInspection implements StoreInspection {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  journal(sagaId: string, limit = JOURNAL_MAX) {
    return this.#ask({ call: "journal", sagaId, limit }, journalReplied);
  }

  sagas(limit: number) {
    return this.#ask({ call: "sagas", limit }, (value) => givenTexts(value, limit));
  }

  list(query: SagaQuery) {
    return this.#ask({ call: "list", query }, (value) => placesReplied(value, query.limit));
  }

  async histories(ids: readonly string[]): Promise<readonly SagaHistory[]> {
    if (ids.length > PAGE_SAGAS_MAX) return this.#halves(ids);
    const asked = new Set(ids);
    try {
      const found = await this.#ask({ call: "histories", ids }, historiesReplied);
      // Nothing is taken of a saga that was not asked for.
      return found.filter(({ sagaId }) => asked.delete(sagaId));
    } catch (error) {
      if (error instanceof TooLarge && ids.length > 1) return this.#halves(ids);
      throw error;
    }
  }

  async #halves(ids: readonly string[]): Promise<readonly SagaHistory[]> {
    const half = Math.ceil(ids.length / 2);
    const first = await this.histories(ids.slice(0, half));
    return [...first, ...(await this.histories(ids.slice(half)))];
  }

  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    const most = Math.min(limit, PAGE_ROWS_MAX);
    return this.#ask({ call: "deferred", states, limit: most }, (value) =>
      givenList(value, most, deferredReplied),
    );
  }

  counts({ deferred = true }: CountsQuery = {}) {
    return this.#ask({ call: "counts", deferred }, countsReplied);
  }

  retry(seq: number) {
    return this.#ask({ call: "retry", seq }, deferredReplied);
  }

  discard(seq: number, reason: string) {
    return this.#ask({ call: "discard", seq, reason }, deferredReplied);
  }

  async republish(event: EventEnvelope): Promise<void> {
    await this.#ask({ call: "republish", event: encodeJson(event) }, givenRecord);
  }
}
