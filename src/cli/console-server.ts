import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { OdoriConsole } from "../console/console.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";

/** A server that listens. */
export interface ConsoleServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a console. Rejects with `USAGE` if the address cannot be used. */
export async function serveConsole(
  console: Pick<OdoriConsole, "node">,
  host: string,
  port: number,
): Promise<ConsoleServer> {
  const server = createServer(console.node);
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
        server.closeAllConnections();
      }),
  };
}
