import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Bus, Store } from "odori";
import type { Sql } from "odori/postgres";
import { ROOT } from "../support/command.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "secure-connections.md"), "utf8");

/** What a block of the page exports. */
export interface Connected {
  readonly bus: Bus;
  readonly store?: Store<Sql>;
}

/** The names of the blocks, which are in their first lines. */
export const BLOCKS = [...PAGE.matchAll(/```ts\n\/\/ ([\w-]+)\.ts\n/g)].map(([, name]) => name);

/** Writes the blocks of the page, with this address of the server and this folder of secrets. */
export function blocksOf(address: string, secrets: string) {
  // Within the project, so that `odori` and the clients are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".odori", "secured-"));
  const [host = "", port = ""] = address.split(":");
  for (const [, code = "", name] of PAGE.matchAll(/```ts\n(\/\/ ([\w-]+)\.ts\n[\s\S]*?)```/g)) {
    const own = code
      .replaceAll("/run/secrets", secrets)
      .replaceAll(/localhost:\d+/g, address)
      .replaceAll('"localhost"', `"${host}"`)
      .replaceAll(/port: \d+/g, `port: ${port}`);
    writeFileSync(join(folder, `${name}.ts`), own);
  }
  return {
    load: (name: string): Promise<Connected> =>
      import(pathToFileURL(join(folder, `${name}.ts`)).href),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
