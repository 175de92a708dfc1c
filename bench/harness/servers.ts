import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { find, HOW } from "../../test/servers/find.ts";
import { recipes } from "../../test/servers/recipes.ts";
import { type Recipe, Server } from "../../test/servers/server.ts";
import type { ServerName, Servers } from "./contestant.ts";
import { findTemporal, HOW_TEMPORAL } from "./temporal-programs.ts";

/** How a person gets a server that is missing. */
export function howToGet(name: ServerName): string {
  if (name === "redis") return "install Redis, so that redis-server is on the PATH";
  return name === "temporal" ? HOW_TEMPORAL : HOW[name];
}

/** Starts a server of each kind that is needed; "" stands where its program is missing. */
export async function startServers(
  names: ReadonlySet<ServerName>,
): Promise<{ readonly servers: Servers; stop(): Promise<void> }> {
  const running: Server[] = [];
  const servers = { postgres: "", nats: "", rabbitmq: "", kafka: "", redis: "", temporal: "" };
  for (const name of names) {
    if (name === "temporal") {
      servers.temporal = findTemporal() ?? "";
      continue;
    }
    const recipe = recipeOf(name);
    if (recipe === undefined) continue;
    process.stderr.write(`Starting ${name} …\n`);
    const server = await Server.start(recipe);
    running.push(server);
    servers[name] = server.url;
  }
  return {
    servers,
    async stop() {
      await Promise.all(running.map((server) => server.stop()));
    },
  };
}

function recipeOf(name: Exclude<ServerName, "temporal">): Recipe | undefined {
  if (name === "redis") return redis();
  const program = find(name, true);
  return program === undefined ? undefined : recipes[name](program);
}

/**
 * As its documentation recommends for a queue: append-only file, synced every second, nothing
 * evicted.
 */
function redis(): Recipe | undefined {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return undefined;
  const settings = [
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "everysec",
    "--maxmemory-policy",
    "noeviction",
  ];
  return {
    name: "redis",
    command: ({ folder, port }) => ({
      program: "redis-server",
      args: ["--port", `${port}`, "--dir", folder, ...settings],
    }),
    ready: ({ port }) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => {
          socket.destroy();
          resolve();
        });
        socket.once("error", reject);
      }),
    url: ({ port }) => `redis://127.0.0.1:${port}`,
  };
}
