import type { TestProject } from "vitest/node";
import { find, HOW, SERVERS, urlNamed } from "./find.ts";
import { recipes } from "./recipes.ts";
import { Server } from "./server.ts";

/**
 * Starts every server that can be had, once for a run of the suite. With ODORI_SERVERS=required a
 * missing one is a failure.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running: Server[] = [];
  const urls = { postgres: undefined, nats: undefined, rabbitmq: undefined, kafka: undefined };
  const missing: string[] = [];
  // Installing one after the other: package managers hold a lock.
  const programs = SERVERS.map((name) => ({
    name,
    program: find(name, process.env.ODORI_SERVERS !== "present"),
  }));
  const started = await Promise.all(
    programs.map(async ({ name, program }) => {
      const url = urlNamed(name);
      if (url !== undefined) return [name, url] as const;
      if (program === undefined) {
        missing.push(name);
        process.stderr.write(`No ${name}: its tests are skipped. To run them, ${HOW[name]}.\n`);
        return [name, undefined] as const;
      }
      const server = await Server.start(recipes[name](program));
      running.push(server);
      return [name, server.url] as const;
    }),
  );
  if (missing.length > 0 && process.env.ODORI_SERVERS === "required") {
    throw new Error(`These servers are required, and could not be had: ${missing.join(", ")}.`);
  }
  project.provide("servers", { ...urls, ...Object.fromEntries(started) });
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}
