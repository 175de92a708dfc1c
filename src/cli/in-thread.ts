import { extname } from "node:path";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import { messageOf, OdoriError } from "../contract/errors.ts";
import { withStop } from "../text/sentence.ts";
import type { ModuleManifest } from "./module-manifest.ts";
import { warn } from "./output.ts";
import { secondsOf } from "./seconds.ts";
import { type ToldError, toldBack } from "./told-error.ts";

/** What the thread answers with. */
export type Loaded = ModuleManifest | { readonly never: true } | { readonly error: ToldError };

/** What the thread is given. */
export interface ThreadTask {
  readonly path: string;
  readonly port: MessagePort;
}

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = new URL(`module-thread${extname(import.meta.url)}`, import.meta.url);

/**
 * Loads the manifest of a module in a thread of its own. The code of a module may do anything when
 * it loads: listen on a port, loop, call `process.exit`. A thread can be ended with all that it
 * opened. What the module prints goes to standard error, beside the result.
 *
 * Throws as `moduleManifest` does, `MODULE_UNFINISHED`, or `NOT_STARTED` if the module runs a
 * service.
 */
export async function manifestInThread(path: string): Promise<ModuleManifest> {
  // A channel that the module does not know: on its own it could say anything.
  const { port1: ours, port2: port } = new MessageChannel();
  const workerData: ThreadTask = { path, port };
  const options = { workerData, transferList: [port], stdout: true, stderr: true };
  const worker = new Worker(PROGRAM, options);
  for (const output of [worker.stdout, worker.stderr])
    output.setEncoding("utf8").on("data", (text: string) => warn(text.trimEnd()));
  try {
    const loaded = await answerOf(worker, ours, path);
    if ("manifest" in loaded) return loaded;
    if ("never" in loaded) throw unfinishedModule(path, "awaits at its top level what never comes");
    throw toldBack(loaded.error);
  } finally {
    ours.close();
    await worker.terminate();
  }
}

function answerOf(worker: Worker, ours: MessagePort, path: string): Promise<Loaded> {
  const seconds = loadSecondsMax();
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(unfinishedModule(path, `is not loaded after ${seconds} seconds`)),
      seconds * 1_000,
    );
    ours.once("message", resolve);
    worker.once("error", (cause: unknown) => {
      const why = messageOf(cause);
      reject(
        new OdoriError("MODULE_UNREADABLE", `Cannot load the module ${path}: ${withStop(why)}`, {
          cause,
          hint: "Run the module with node to see where it fails.",
        }),
      );
    });
    worker.once("exit", (code) => {
      clearTimeout(limit);
      // Its last words may not have been read yet.
      const last = receiveMessageOnPort(ours)?.message;
      if (last !== undefined) resolve(last);
      reject(unfinishedModule(path, `called process.exit(${code}) while it was loading`));
    });
  });
}

/** The error of a module that does not come to its end. */
export function unfinishedModule(path: string, why: string): OdoriError {
  return new OdoriError("MODULE_UNFINISHED", `The module ${path} ${why}.`, {
    hint:
      "Export the declarations from a module of their own, whose top level only declares. A slow " +
      "one may have more time: ODORI_LOAD_SECONDS=120.",
  });
}

/** How long a module may take to load, in seconds: `ODORI_LOAD_SECONDS`. */
export function loadSecondsMax(): number {
  return secondsOf("ODORI_LOAD_SECONDS", 30);
}
