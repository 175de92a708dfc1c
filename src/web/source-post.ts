import { ERRORS, type ErrorCode } from "../contract/error-catalogue.ts";
import { OdoriError } from "../contract/errors.ts";
import { refusedConnection } from "../ports/connection.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import { givenRecord, givenText } from "./checked.ts";
import { REPLY_MAX_BYTES } from "./source-limits.ts";

/** Where and how to ask. */
export interface SourceAddress {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
}

/** A reply that would be too large: to be asked for in parts. */
export class TooLarge extends Error {}

/** Errors that the service tells about the question, and not about itself. */
const TOLD: readonly ErrorCode[] = ["OPTION_INVALID", "NOT_PARKED", "NOT_ALLOWED"];

/**
 * Asks the endpoint of a source, and reads its reply. Redirects are not followed: they would take
 * the token elsewhere. Throws `STORE_UNAVAILABLE`, `LOGIN_REFUSED`, or what the service tells.
 */
export async function postTo(
  { url, token, timeoutMs }: SourceAddress,
  question: object,
): Promise<unknown> {
  const place = new URL(url).host;
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      ...{ method: "POST", redirect: "error", body: JSON.stringify(question) },
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await boundedText(response);
  } catch (cause) {
    if (cause instanceof OdoriError) throw cause;
    throw unavailable(`The service at ${place} cannot be reached.`, cause);
  }
  if (status === 200) return jsonReplied(text, place);
  if (status === 413) throw new TooLarge("the reply would be too large");
  if (status === 401) {
    const refused = new Error("the token is not the one of its endpoint");
    throw new StoreUnavailableError(
      "LOGIN_REFUSED",
      ...refusedConnection("LOGIN_REFUSED", place, refused),
    );
  }
  const code = codeIn(text);
  if (code !== undefined)
    throw new OdoriError(code, `The service at ${place} refuses: ${code}.`, {
      hint: ERRORS[code].hint,
    });
  throw unavailable(`The service at ${place} replies with status ${status}.`, undefined);
}

function unavailable(message: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError("STORE_UNAVAILABLE", message, {
    cause,
    hint: "Check that the service runs, and the address of its endpoint.",
  });
}

export function malformedReply(place: string, cause: unknown): OdoriError {
  return new OdoriError("SOURCE_MALFORMED", `The reply of ${place} is not that of a source.`, {
    ...{ cause, hint: ERRORS.SOURCE_MALFORMED.hint },
  });
}

function jsonReplied(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformedReply(place, cause);
  }
}

/** Reads a body, and gives up on one that is too large. */
async function boundedText({ body, url }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > REPLY_MAX_BYTES)
      throw malformedReply(new URL(url).host, new RangeError(`more than ${REPLY_MAX_BYTES} bytes`));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function codeIn(text: string): ErrorCode | undefined {
  try {
    const { error } = givenRecord(JSON.parse(text));
    const code = givenText(givenRecord(error).code);
    return TOLD.find((known) => known === code);
  } catch {
    return undefined;
  }
}
