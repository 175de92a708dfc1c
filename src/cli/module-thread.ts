/* The program of the thread in which a command loads a user's module; see `in-thread.ts`. */
import { workerData } from "node:worker_threads";
import { readDeclarationsOnly } from "../contract/declarations-only.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Loaded, ThreadTask } from "./in-thread.ts";
import { moduleManifest } from "./module-manifest.ts";
import { toldError } from "./told-error.ts";

const { path, port }: ThreadTask = workerData;
const answer = (loaded: Loaded) => port.postMessage(loaded);

// Node warns about the syntax of the user's files, which is not what the command was asked for.
process.removeAllListeners("warning");
readDeclarationsOnly();
// Nothing is left that could go on, and the module is not there: it awaits what never comes.
process.once("beforeExit", () => answer({ never: true }));
moduleManifest(path).then(answer, refuse);

function refuse(error: unknown): void {
  if (!(error instanceof OdoriError)) throw error;
  answer({ error: toldError(error) });
}
