import { decodeJson } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { DEFERRED_STATES, type DeferredState } from "../ports/deferred.ts";
import type { SagaQuery } from "../ports/inspection.ts";
import { givenRecord, givenText, givenTexts, givenWhole, givenWord } from "./checked.ts";
import {
  CURSOR_MAX_CHARS,
  JOURNAL_MAX,
  PAGE_ROWS_MAX,
  PAGE_SAGAS_MAX,
  REQUEST_MAX_BYTES,
} from "./source-limits.ts";

/** What a console asks the endpoint of a source for. */
export type SourceCall =
  | { readonly call: "about" }
  | { readonly call: "counts"; readonly deferred: boolean }
  | { readonly call: "feed"; readonly after: string | undefined; readonly limit: number }
  | { readonly call: "outbox" | "sagas"; readonly limit: number }
  | { readonly call: "journal"; readonly sagaId: string; readonly limit: number }
  | { readonly call: "list"; readonly query: SagaQuery }
  | { readonly call: "histories"; readonly ids: readonly string[] }
  | {
      readonly call: "deferred";
      readonly states: readonly DeferredState[];
      readonly limit: number;
    }
  | { readonly call: "retry"; readonly seq: number }
  | { readonly call: "discard"; readonly seq: number; readonly reason: string }
  | { readonly call: "republish"; readonly event: EventEnvelope };

const CALLS = [
  ...(["about", "counts", "feed", "outbox", "sagas", "journal", "list", "histories"] as const),
  ...(["deferred", "retry", "discard", "republish"] as const),
];

/** Reads the body of a request. Throws `QUERY_INVALID`. */
export function sourceCallIn(text: string): SourceCall {
  try {
    return callIn(JSON.parse(text));
  } catch (cause) {
    throw new OdoriError("QUERY_INVALID", "The body is not a question to a source.", { cause });
  }
}

function callIn(value: unknown): SourceCall {
  const body = givenRecord(value);
  const call = givenWord(body.call, CALLS);
  switch (call) {
    case "about":
      return { call };
    case "counts":
      return { call, deferred: body.deferred !== false };
    case "feed": {
      const after = body.after === undefined ? undefined : givenText(body.after, CURSOR_MAX_CHARS);
      return { call, after, limit: limitIn(body.limit) };
    }
    case "outbox":
    case "sagas":
      return { call, limit: limitIn(body.limit) };
    case "journal":
      return { call, sagaId: givenText(body.sagaId), limit: limitIn(body.limit, JOURNAL_MAX) };
    case "list":
      return { call, query: queryIn(givenRecord(body.query)) };
    case "histories":
      return { call, ids: givenTexts(body.ids, PAGE_SAGAS_MAX) };
    case "deferred": {
      const states = givenTexts(body.states, DEFERRED_STATES.length);
      return {
        ...{ call, limit: limitIn(body.limit) },
        states: states.map((state) => givenWord(state, DEFERRED_STATES)),
      };
    }
    case "retry":
      return { call, seq: givenWhole(body.seq) };
    case "discard":
      return { call, seq: givenWhole(body.seq), reason: givenText(body.reason) };
    case "republish": {
      const text = givenText(body.event, REQUEST_MAX_BYTES);
      return { call, event: decodeJson(text, { now: Date.now(), maxBytes: REQUEST_MAX_BYTES }) };
    }
  }
}

function limitIn(value: unknown, most = PAGE_ROWS_MAX): number {
  return Math.min(most, givenWhole(value));
}

function queryIn({ before, limit, among }: Readonly<Record<string, unknown>>): SagaQuery {
  const query = { limit: limitIn(limit) };
  const place = before === undefined ? undefined : givenRecord(before);
  const some = among === undefined ? undefined : givenRecord(among);
  const states = some?.states;
  return {
    ...query,
    ...(place && { before: { born: givenWhole(place.born), sagaId: givenText(place.sagaId) } }),
    ...(some && {
      among:
        states === undefined
          ? { correlationId: givenText(some.correlationId) }
          : {
              states: givenTexts(states, DEFERRED_STATES.length).map((state) =>
                givenWord(state, DEFERRED_STATES),
              ),
            },
    }),
  };
}
