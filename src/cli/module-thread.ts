/* The program of the thread in which a command loads a user's module; see `in-thread.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { readDeclarationsOnly } from "../contract/declarations-only.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Loaded } from "./in-thread.ts";
import { moduleManifest } from "./module-manifest.ts";

const answer = (loaded: Loaded) => parentPort?.postMessage(loaded);

// Node warns about the syntax of the user's files, which is not what the command was asked for.
process.removeAllListeners("warning");
readDeclarationsOnly();
// Nothing is left that could go on, and the module is not there: it awaits what never comes.
process.once("beforeExit", () => answer({ never: true }));
moduleManifest(String(workerData)).then(answer, refuse);

function refuse(error: unknown): void {
  if (!(error instanceof OdoriError)) throw error;
  const { code, hint, docs, message } = error;
  // The constructor adds the hint and the address again.
  const ending = `${hint === undefined ? "" : ` ${hint}`}\nSee ${docs}`;
  answer({ error: { code, hint, message: message.slice(0, -ending.length) } });
}
