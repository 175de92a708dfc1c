import type { TestProject } from "vitest/node";
import { find, HOW, type ProgramName, SERVERS, urlNamed } from "./find.ts";
import { pgbouncer, recipes } from "./recipes.ts";
import { type Recipe, Server } from "./server.ts";

/**
 * Starts every server that can be had, once for a run of the suite. With ODORI_SERVERS=required a
 * missing one is a failure.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running: Server[] = [];
  const missing: string[] = [];
  // Installing one after the other: package managers hold a lock.
  const programs = new Map(
    [...SERVERS, "pgbouncer" as const].map((name) => [
      name,
      find(name, process.env.ODORI_SERVERS !== "present"),
    ]),
  );
  const start = async (
    name: ProgramName,
    recipe: (program: string) => Recipe | undefined,
  ): Promise<string | undefined> => {
    const url = urlNamed(name);
    if (url !== undefined) return url;
    const program = programs.get(name);
    const how = program === undefined ? undefined : recipe(program);
    if (how === undefined) {
      missing.push(name);
      process.stderr.write(`No ${name}: its tests are skipped. To run them, ${HOW[name]}.\n`);
      return undefined;
    }
    const server = await Server.start(how);
    running.push(server);
    return server.url;
  };
  const [postgres, nats, rabbitmq, kafka] = await Promise.all(
    SERVERS.map((name) => start(name, (program) => recipes[name](program))),
  );
  const pooler = await start("pgbouncer", (program) =>
    postgres === undefined ? undefined : pgbouncer(program, postgres),
  );
  if (missing.length > 0 && process.env.ODORI_SERVERS === "required") {
    throw new Error(`These servers are required, and could not be had: ${missing.join(", ")}.`);
  }
  project.provide("servers", { postgres, nats, rabbitmq, kafka, pgbouncer: pooler });
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}
