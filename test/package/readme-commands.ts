import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ownNode, ran } from "../support/packed.ts";

/** What each command of the READMEs prints in a project in which sagas have ended. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  draw: /order\.placed/,
  sagas: /(succeeded|failed) .*order\./,
  console: /http:\/\/127\.0\.0\.1:\d+\//,
  dev: /every saga ends well/,
};
/** These run until they are stopped. */
const STOPPED = ["console", "dev"];

/** Runs what the README of a project says of the command: as it stands there, without flags. */
export async function expectReadmeCommands(folder: string, env: NodeJS.ProcessEnv = {}) {
  const text = readFileSync(join(folder, "README.md"), "utf8");
  const commands = [...text.matchAll(/^npx odori (\w+)/gm)].map(([, name = ""]) => name);
  expect(commands).toEqual(expect.arrayContaining(["draw", "sagas", "console"]));
  for (const name of commands) {
    const said = STOPPED.includes(name)
      ? await untilPrinted(folder, name, env)
      : ran("npx", ["odori", name], folder, env);
    expect([name, said]).toEqual([
      name,
      { status: 0, out: expect.stringMatching(PRINTS[name] ?? "a pattern for it") },
    ]);
  }
  // The id in the first row of the list, as the README says.
  const [, id = ""] =
    /^(\S+) +(?:succeeded|failed)/m.exec(ran("npx", ["odori", "sagas"], folder, env).out) ?? [];
  const traced = ran("npx", ["odori", "trace", id], folder, env);
  expect(traced).toEqual({ status: 0, out: expect.stringContaining("order.placed") });
}

/** Stops a command once it has printed what it is to print. */
async function untilPrinted(folder: string, name: string, more: NodeJS.ProcessEnv) {
  const program = join(folder, "node_modules", "odori", "dist", "cli", "main.js");
  // Another test may have the port.
  const port = name === "console" ? ["--port", "0"] : [];
  const child = spawn(process.execPath, [program, name, ...port], {
    cwd: folder,
    env: { ...ownNode(), ...more },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  const keep = (chunk: Buffer) => {
    const before = PRINTS[name]?.test(out);
    out += chunk;
    if (!before && PRINTS[name]?.test(out)) child.kill("SIGINT");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const [status] = await once(child, "close");
  return { status, out };
}
