import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FSWatcher, watch } from "node:fs";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { warn } from "../output.ts";
import { count } from "../report/verdict.ts";
import { SourceFiles } from "./source-files.ts";

/** An editor writes a file in several steps. */
const SETTLE_MS = 80;
/** Exit status of a command that Ctrl-C ended, as shells have it. */
const INTERRUPTED = 130;
const CLEAR = "\u001b[2J\u001b[3J\u001b[H";

/**
 * Runs this command again, without `--watch`, whenever the content of a source changes, until
 * SIGINT or SIGTERM. Each run is a process of its own, since a module cannot be loaded again.
 */
export async function watchSources(
  sources: readonly string[],
  written: readonly string[],
): Promise<void> {
  const files = new SourceFiles(sources, written);
  const ended = new AbortController();
  const end = () => ended.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    while (!ended.signal.aborted) {
      const changed = nextChange(files, ended.signal);
      await runOnce(files, changed, ended.signal);
      await changed;
    }
  } finally {
    // Closes the watchers where the check could not be started.
    end();
    process.off("SIGINT", end).off("SIGTERM", end);
  }
  process.exitCode = INTERRUPTED;
}

/** Runs the check. A change, or the end, stops it. */
async function runOnce(
  files: SourceFiles,
  changed: Promise<void>,
  ended: AbortSignal,
): Promise<void> {
  if (process.stdout.isTTY) process.stdout.write(CLEAR);
  const [program = "", ...given] = process.argv.slice(1);
  const parameters = given.filter((parameter) => parameter !== "--watch");
  const child: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, program, ...parameters],
    { stdio: "inherit" },
  );
  const stop = () => child.kill();
  void changed.then(stop, stop);
  await once(child, "exit");
  if (!ended.aborted) warn(`\nWatching ${count(files.count, "file")}. Ctrl-C ends.`);
}

/** Resolves when the content of a file is another one, or at the end. */
export function nextChange(files: SourceFiles, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const watchers: FSWatcher[] = [];
    let settling: NodeJS.Timeout | undefined;
    const close = () => {
      clearTimeout(settling);
      ended.removeEventListener("abort", finish);
      for (const watcher of watchers) watcher.close();
    };
    const finish = () => {
      close();
      resolve();
    };
    const look = () => {
      if (files.changed()) finish();
    };
    const touched = () => {
      clearTimeout(settling);
      settling = setTimeout(look, SETTLE_MS);
    };
    ended.addEventListener("abort", finish);
    try {
      for (const folder of files.folders)
        watchers.push(watch(folder, touched).on("error", touched));
    } catch (cause) {
      close();
      reject(cannotWatch(cause));
      return;
    }
    // A file may have changed before its folder was watched.
    touched();
  });
}

function cannotWatch(cause: unknown): OdoriError {
  return new OdoriError("FILE_UNREADABLE", `Cannot watch the sources: ${messageOf(cause)}.`, {
    cause,
    hint: "Raise the system's limit of watched folders, or run the check by hand.",
  });
}
