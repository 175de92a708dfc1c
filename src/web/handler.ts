import { OdoriError } from "../contract/errors.ts";
import { errorReply, failure, parked, ready, reply, saga, type WatchedApp } from "./replies.ts";
import { tokenCheck } from "./token.ts";

/** Options of `odoriHandler`. */
export interface HandlerOptions {
  /**
   * What a request to `/sagas/<id>` and `/parked` has to send: `authorization: Bearer <token>`. At
   * least 16 characters.
   * @default none: both paths are unknown
   */
  readonly token?: string;
  /**
   * The path before those of the handler, such as `/odori`.
   * @default ""
   */
  readonly base?: string;
}

/**
 * Replies to requests about running services, for anything that speaks the Fetch API. It only
 * reads, and replies in JSON, also with errors: `{ error: { code, message } }`.
 *
 * - `/live`: 200 as long as the process replies
 * - `/ready`: 200 if every service is ready, else 503
 * - `/sagas/<id>`: where a saga stands, and its steps in these services; with the token
 * - `/parked`: deliveries that were given up on; with the token
 *
 * No reply has a payload or the message of an error. Throws `OPTION_INVALID` for a short token, or
 * a `base` that does not begin with a slash.
 *
 * @example
 * ```ts
 * import { odoriHandler } from "odori/web";
 * import { app } from "./app.ts";
 *
 * const handler = odoriHandler([app], { token: process.env.ODORI_TOKEN ?? "" });
 * const { status } = await handler(new Request("http://localhost/ready"));
 * ```
 */
export function odoriHandler(
  apps: readonly WatchedApp[],
  { token, base = "" }: HandlerOptions = {},
): (request: Request) => Promise<Response> {
  const isKnown = token === undefined ? undefined : tokenCheck(token);
  const prefix = base.replace(/\/+$/, "");
  if (prefix !== "" && !prefix.startsWith("/"))
    throw new OdoriError("OPTION_INVALID", "base does not begin with a slash.", {
      hint: "Write it as `/odori`.",
    });
  // Probes that come together share one look at the databases.
  let looking: Promise<Response> | undefined;
  const look = async () => {
    looking ??= ready(apps).finally(() => {
      looking = undefined;
    });
    return (await looking).clone();
  };
  const route = (path: string, request: Request): Promise<Response> | Response => {
    if (path === "/live") return reply(200, { live: true });
    if (path === "/ready") return look();
    const [, sagaId] = /^\/sagas\/([^/]+)$/.exec(path) ?? [];
    if (isKnown === undefined || (sagaId === undefined && path !== "/parked"))
      return errorReply(404, "ADDRESS_UNKNOWN", "Nothing is at this path.");
    if (!isKnown(request))
      return errorReply(401, "TOKEN_REFUSED", "The token is missing or wrong.", {
        "www-authenticate": "Bearer",
      });
    return sagaId === undefined ? parked(apps) : saga(apps, decoded(sagaId));
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : "";
    if (request.method !== "GET" && request.method !== "HEAD")
      return errorReply(405, "METHOD_REFUSED", "Only GET and HEAD are taken.", {
        allow: "GET, HEAD",
      });
    const full = await Promise.resolve(path)
      .then((found) => route(found, request))
      .catch(failure);
    if (request.method === "GET") return full;
    return new Response(null, { status: full.status, headers: full.headers });
  };
}

/** A saga's id out of a path; one that cannot be decoded is unknown, as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
