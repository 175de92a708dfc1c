import type { Bus } from "odori";
import type { FaultyBus } from "odori/conformance";
import { TcpProxy } from "../chaos/proxy.ts";
import { find, type ServerName } from "./find.ts";
import { recipes } from "./recipes.ts";
import { type Recipe, Server } from "./server.ts";

/** A server that a test has for itself, so that it may be broken. */
export function ownServer(name: ServerName, change: Partial<Recipe> = {}): Promise<Server> {
  return Server.start({ ...recipes[name](find(name, false) ?? ""), ...change });
}

/** A server behind a proxy that can make a black hole of a connection. */
export async function proxiedServer(
  name: ServerName,
): Promise<{ readonly server: Server; readonly proxy: TcpProxy }> {
  const proxy = await TcpProxy.listen();
  const server = await Server.start(recipes[name](find(name, false) ?? "", proxy.port));
  proxy.target = server.place.port;
  return { server, proxy };
}

/** A bus over a connection that becomes a black hole, or from which no reply comes any more. */
export async function silenced(
  name: ServerName,
  busAt: (port: number) => Bus,
  what: "all" | "replies",
): Promise<FaultyBus> {
  const { server, proxy } = await proxiedServer(name);
  const bus = busAt(proxy.port);
  return {
    bus,
    inflict: async () => proxy.silence(what),
    async close() {
      await bus.close();
      await proxy.close();
      await server.stop();
    },
  };
}

/** A fault of a server that the test has for itself, which ends with the bus. */
export function withServer(server: Server, fault: Omit<FaultyBus, "close">): FaultyBus {
  return {
    ...fault,
    async close() {
      await fault.bus.close();
      await server.stop();
    },
  };
}
