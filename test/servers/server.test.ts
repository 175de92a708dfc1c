import { expect, it } from "vitest";
import { type Recipe, Server } from "./server.ts";

it("a server that is started while it dies is a new process", async () => {
  // What is dying may still accept connections: here it seems ready all the time.
  const recipe: Recipe = {
    name: "sleeper",
    command: () => ({ program: process.execPath, args: ["-e", "setInterval(() => {}, 1e6)"] }),
    ready: async () => {},
    url: () => "",
  };
  const server = await Server.start(recipe);
  try {
    const before = server.pid;
    const killed = server.kill();
    await server.up();
    expect(server.pid).not.toBe(before);
    await killed;
  } finally {
    await server.stop();
  }
});
