import type { IncomingMessage, ServerResponse } from "node:http";
import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { stemOf } from "../contract/grammar.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { JournalSource } from "../ports/source.ts";
import { errorReply, failure, reply } from "./replies.ts";
import {
  JOURNAL_MAX,
  REPLY_MAX_BYTES,
  REQUEST_MAX_BYTES,
  type SourcePermission,
} from "./source-limits.ts";
import { type SourceCall, sourceCallIn } from "./source-request.ts";
import { tokenCheck } from "./token.ts";

const ACTIONS = ["retry", "discard", "republish"] as const;

/** Options of `sourceHandler`. */
export interface SourceHandlerOptions {
  /** What each request has to send: `authorization: Bearer <token>`. At least 16 characters. */
  readonly token: string;
  /**
   * What a console may do besides reading: retry and discard parked deliveries, publish an event
   * of the service again, and see what a deferred delivery carries.
   * @default []
   */
  readonly allow?: readonly SourcePermission[];
}

/** The endpoint of one service, for a console somewhere else. */
export interface SourceHandler {
  /** Replies to a request, for anything that speaks the Fetch API. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Replies to a request of `node:http`, Express or Nest. Its body is not read yet. */
  readonly node: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
}

/**
 * Lets a console read the journal of this service over HTTP (`httpSource`), so that it needs no
 * credentials of the database. Mount it at one path; it takes POST with JSON and the token, and
 * only reads, but for what `allow` names. Payloads and stacks of errors stay here otherwise. Throws
 * `OPTION_INVALID` for a short token.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { sqliteSource } from "odori/sqlite";
 * import { sourceHandler } from "odori/web";
 *
 * const source = sqliteSource("payment.db");
 * const handler = sourceHandler(source, { token: process.env.ODORI_SOURCE_TOKEN ?? "" });
 * createServer(handler.node).listen(8081, "127.0.0.1");
 * ```
 */
export function sourceHandler(
  source: JournalSource,
  { token, allow = [] }: SourceHandlerOptions,
): SourceHandler {
  const isKnown = tokenCheck(token);
  const allowed = new Set(allow);
  const respond = async ({ method, headers, body }: Asked): Promise<Response> => {
    if (method !== "POST")
      return errorReply(405, "METHOD_REFUSED", "Only POST is taken.", { allow: "POST" });
    if (!isKnown({ headers }))
      return errorReply(401, "TOKEN_REFUSED", "The token is missing or wrong.", {
        "www-authenticate": "Bearer",
      });
    const call = sourceCallIn(await textOf(body));
    if (isAction(call.call) && !allowed.has(call.call))
      return errorReply(403, "NOT_ALLOWED", `The service does not allow to ${call.call}.`);
    return sized(await answer(source, call, allowed.has("payloads")));
  };
  return {
    fetch: ({ method, headers, body }) =>
      respond({ method, headers, body: body ?? [] }).catch(failed),
    node: (incoming, outgoing) => {
      const { method = "GET", headers } = incoming;
      const given = new Headers({ authorization: headers.authorization ?? "" });
      respond({ method, headers: given, body: incoming })
        .catch(failed)
        .then(async (replied) => {
          outgoing.writeHead(replied.status, Object.fromEntries(replied.headers));
          outgoing.end(await replied.text());
        })
        .catch(() => outgoing.destroy());
    },
  };
}

/** A request, as Fetch and `node:http` have it. */
interface Asked {
  readonly method: string;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

async function answer(
  source: JournalSource,
  call: SourceCall,
  payloads: boolean,
): Promise<unknown> {
  const { inspect } = source;
  const shown = (row: Deferred) => (payloads ? row : withoutPayload(row));
  switch (call.call) {
    case "about":
      return source.about();
    case "feed":
      return source.feed(call.after, call.limit);
    case "outbox":
      return source.outbox(call.limit);
    case "counts":
      return inspect.counts({ deferred: call.deferred });
    case "journal":
      return inspect.journal(call.sagaId, call.limit);
    case "sagas":
      return inspect.sagas(call.limit);
    case "list":
      return inspect.list(call.query);
    case "histories": {
      const histories = await inspect.histories(call.ids);
      return histories.map((one) => ({ ...one, deferred: one.deferred.map(shown) }));
    }
    case "deferred":
      return (await inspect.deferred(call.states, call.limit)).map(shown);
    case "retry":
      return shown(await inspect.retry(call.seq));
    case "discard":
      return shown(await inspect.discard(call.seq, call.reason));
    case "republish":
      await checkEmitted(source, call.event);
      await inspect.republish(call.event);
      return {};
  }
}

function isAction(call: SourceCall["call"]): call is (typeof ACTIONS)[number] {
  return ACTIONS.some((action) => action === call);
}

/** A console publishes nothing in the name of the service that the service has not emitted. */
async function checkEmitted({ inspect }: JournalSource, event: EventEnvelope): Promise<void> {
  const rows = await inspect.journal(event.sagaId, JOURNAL_MAX);
  const emitted = rows.flatMap((row) => row.emitted);
  if (!emitted.some(({ id, type }) => id === event.id && stemOf(type) === stemOf(event.type)))
    throw new OdoriError("QUERY_INVALID", "The service has not emitted this event.");
}

/** A payload is the service's own, and a stack tells how the service is built. */
function withoutPayload(row: Deferred): Deferred {
  const { body, problem } = row;
  return {
    ...row,
    body: { malformed: body.malformed, text: body.malformed ? "" : "[null]" },
    problem: problem && { ...problem, stack: undefined },
  };
}

/** Reads a body of a bounded size; the rest of a larger one is not read. */
async function textOf(body: Asked["body"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > REQUEST_MAX_BYTES)
      throw new OdoriError("QUERY_INVALID", `A body has at most ${REQUEST_MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function sized(value: unknown): Response {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > REPLY_MAX_BYTES)
    return errorReply(413, "REPLY_TOO_LARGE", "The reply would be too large: ask for less.");
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(text, { headers });
}

/** Codes about what was asked for; their messages say nothing else. */
const TOLD: Readonly<Record<string, number>> = {
  QUERY_INVALID: 400,
  OPTION_INVALID: 400,
  NOT_PARKED: 409,
};

function failed(error: unknown): Response {
  const code = codeOf(error);
  const status = TOLD[code];
  if (status === undefined) return failure(error);
  return reply(status, { error: { code, message: messageOf(error) } });
}
