import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";

/** A server that listens. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a Fetch handler. Rejects with `USAGE` if the address cannot be used. */
export async function listen(
  fetch: (request: Request) => Promise<Response>,
  host: string,
  port: number,
): Promise<Listening> {
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new OdoriError("USAGE", `Cannot listen on ${quote(host)}, port ${port}: ${cause.code}.`, {
          cause,
          hint: "Choose another --port, or 0 for any that is free.",
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
