import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRequest } from "./receiver.ts";
import { type Reply, refusalOf } from "./reply.ts";

/** Takes a request, and resolves to the reply. */
export type Receive = (request: HttpRequest) => Promise<Reply>;

/** Handles a request of `node:http`, and of frameworks on top of it. */
export async function handleNode(
  receive: Receive,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  // A socket that breaks is `close` as well.
  response.on("error", () => {});
  const { method = "", headersDistinct } = request;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  const {
    status,
    headers: head,
    text,
  } = request.readableDidRead
    ? refusalOf(500, "The body was read before: mount the handler before any body parser.")
    : await receive({ method, headers, body: request, signal: gone.signal });
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(text) };
  response.writeHead(status, { ...length, ...head }).end(text);
}

/** Handles a request of the Fetch API. */
export async function handleFetch(receive: Receive, request: Request): Promise<Response> {
  if (request.bodyUsed)
    return new Response("The body was read before: pass on the request as it came.", {
      status: 500,
    });
  const { method, headers, body, signal } = request;
  const { status, headers: head, text } = await receive({ method, headers, body, signal });
  return new Response(text === "" ? null : text, { status, headers: head });
}
