import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { OdoriConsole } from "odori/console";

/** A console that a browser can reach. */
export interface Served {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a console on the loopback; by default on a free port. */
export async function serve(console: OdoriConsole, wanted = 0): Promise<Served> {
  const server = createServer(console.node);
  await new Promise<void>((resolve) => server.listen(wanted, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
