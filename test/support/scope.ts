import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Closes a bus, a store or a proxy at the end of the scope: `await using bus = closing(…)`. */
export function closing<T extends { close(): Promise<unknown> }>(resource: T): T & AsyncDisposable {
  return Object.assign(resource, {
    [Symbol.asyncDispose]: async () => {
      await resource.close();
    },
  });
}

/** Stops a service or a server at the end of the scope: `await using app = stopping(…)`. */
export function stopping<T extends { stop(): Promise<unknown> }>(running: T): T & AsyncDisposable {
  return Object.assign(running, {
    [Symbol.asyncDispose]: async () => {
      await running.stop();
    },
  });
}

/** A folder that is removed at the end of the scope: `using folder = temporaryFolder("crash")`. */
export function temporaryFolder(
  name: string,
  parent = tmpdir(),
): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(parent, `odori-${name}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
