/** A reply to a request; its text is for people. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes a reply without a body. */
export function replyOf(status: number, headers: Reply["headers"] = {}): Reply {
  return { status, headers, text: "" };
}

/** Makes a reply that says why the request is refused. */
export function refusalOf(status: number, text: string, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, text };
}

/** The request may come again in a second; nothing of it is kept. */
export function againLater(text: string): Reply {
  return refusalOf(503, text, { "retry-after": "1" });
}
