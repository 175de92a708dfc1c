import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { MUTANTS } from "./catalogue.ts";
import type { Mutant } from "./mutant.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

interface Ran {
  readonly ran: number;
  readonly failed: readonly string[];
}

/** Runs a suite in a process of its own, with the source of the mutant. */
function gauntlet(suite: Mutant["suite"], only: readonly string[], mutant: string): Promise<Ran> {
  const url = suite === "postgres" || suite === "rabbitmq" ? (urlOf(suite) ?? "") : "";
  const flags = [
    "--conditions=odori-source",
    "--disable-warning=ExperimentalWarning",
    "--import",
    `${HERE}mutate.ts`,
  ];
  const child = spawn(
    process.execPath,
    [...flags, `${HERE}gauntlet.ts`, suite, only.join("\n"), url],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ODORI_MUTANT: mutant },
      // One that computes without an end does not come to its own limit.
      timeout: 300_000,
      killSignal: "SIGKILL",
    },
  );
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve, reject) => {
    child.once("close", () => {
      try {
        resolve(JSON.parse(out));
      } catch (cause) {
        reject(new Error(`The gauntlet has not come to its end: ${err}`, { cause }));
      }
    });
  });
}

const SUITES = [
  "check",
  "runtime",
  "files",
  "proofs",
  "http",
  "testing",
  "simulate",
  "observer",
  "sqlite",
  "postgres",
  "rabbitmq",
] as const;

for (const suite of SUITES) {
  const server = suite === "postgres" || suite === "rabbitmq" ? suite : undefined;
  const title = `broken runtimes, caught by the suite ${suite}`;
  describe.skipIf(server !== undefined && urlOf(server) === undefined)(
    server === undefined ? title : titleOf(server, title),
    () => {
      const mutants = MUTANTS.filter((mutant) => mutant.suite === suite);

      it("the whole runtime passes what catches them", { timeout: 300_000 }, async () => {
        const only = [...new Set(mutants.map(({ caughtBy }) => caughtBy))];
        expect(await gauntlet(suite, only, "")).toEqual({ ran: only.length, failed: [] });
      });

      // Most of a mutant's time is waiting: for its process to start, or for what does not happen.
      it.concurrent.each(mutants)("$name", { timeout: 600_000 }, async ({ name, caughtBy }) => {
        expect(await gauntlet(suite, [caughtBy], name)).toEqual({ ran: 1, failed: [caughtBy] });
      });
    },
  );
}
