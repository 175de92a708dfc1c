import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { ROOT } from "../support/command.ts";
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
    [...SERVERS, "pgbouncer" as const, "chromium" as const].map((name) => [
      name,
      find(name, process.env.ODORI_SERVERS !== "present"),
    ]),
  );
  const lack = (name: ProgramName) => {
    missing.push(name);
    process.stderr.write(`No ${name}: its tests are skipped. To run them, ${HOW[name]}.\n`);
  };
  const start = async (
    name: ProgramName,
    recipe: (program: string) => Recipe | undefined,
  ): Promise<string | undefined> => {
    const url = urlNamed(name);
    if (url !== undefined) return url;
    const program = programs.get(name);
    const how = program === undefined ? undefined : recipe(program);
    if (how === undefined) {
      lack(name);
      return undefined;
    }
    const server = await Server.start(how);
    running.push(server);
    return server.url;
  };
  const [postgres, nats, rabbitmq, kafka] = await Promise.all(
    SERVERS.map((name) => start(name, (program) => recipes[name](program))),
  );
  // Not a server: each file of tests starts its own, which shows the page that is built here.
  const chromium = programs.get("chromium");
  if (chromium === undefined) lack("chromium");
  else buildPage();
  const pooler = await start("pgbouncer", (program) =>
    postgres === undefined ? undefined : pgbouncer(program, postgres),
  );
  if (missing.length > 0 && process.env.ODORI_SERVERS === "required") {
    throw new Error(`These servers are required, and could not be had: ${missing.join(", ")}.`);
  }
  project.provide("servers", { postgres, nats, rabbitmq, kafka, pgbouncer: pooler, chromium });
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}

function buildPage(): void {
  execFileSync(process.execPath, [join(ROOT, "scripts", "build-page.mjs")], { stdio: "inherit" });
}
