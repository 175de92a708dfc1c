import { expect, it } from "vitest";
import { accepts } from "./recipes.ts";
import { type Recipe, Server } from "./server.ts";

/** Has much to give back, so that its end takes a while. */
const LISTENS = `const held = Buffer.alloc(400e6, 1);
  require('node:net').createServer().listen(process.argv[1], '127.0.0.1');`;

it("a server that a script has started is gone with it", async () => {
  const recipe: Recipe = {
    name: "script",
    command: ({ port }) => ({
      program: "sh",
      args: ["-c", `"${process.execPath}" -e "${LISTENS}" ${port} & wait`],
    }),
    ready: ({ port }) => accepts(port),
    url: ({ port }) => `${port}`,
  };
  const server = await Server.start(recipe);
  try {
    await server.kill();
    await expect(accepts(server.place.port)).rejects.toThrow("ECONNREFUSED");
  } finally {
    await server.stop();
  }
});

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
