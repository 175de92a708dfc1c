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
