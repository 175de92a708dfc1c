import type { IncomingMessage, ServerResponse } from "node:http";
import { failure } from "./replies.ts";

/**
 * Wraps `odoriHandler` for `node:http`, Express and Nest (`app.use`). It takes method, path and the
 * `authorization` of a request, and never its body.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { nodeHandler, odoriHandler } from "odori/web";
 * import { app } from "./app.ts";
 *
 * createServer(nodeHandler(odoriHandler([app]))).listen(8080);
 * ```
 */
export function nodeHandler(
  handler: (request: Request) => Promise<Response>,
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method = "GET", url = "/", headers: { authorization = "" } }, response) => {
    const answer = async () => {
      // Fetch knows fewer methods than HTTP, such as TRACE: those are refused in any case.
      const known = method === "GET" || method === "HEAD" ? method : "POST";
      // The target may be a whole address, with credentials that no request may have.
      const { pathname, search } = new URL(url, "http://localhost");
      const address = `http://localhost${pathname}${search}`;
      return handler(new Request(address, { method: known, headers: { authorization } }));
    };
    answer()
      .catch(failure)
      .then(async (reply) => {
        response.writeHead(reply.status, Object.fromEntries(reply.headers));
        response.end(await reply.text());
      })
      .catch(() => response.destroy());
  };
}
