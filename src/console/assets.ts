import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** The same from `src/console/` and from `dist/console/`. */
const FOLDER = fileURLToPath(new URL("../../dist/page/", import.meta.url));

/**
 * Reads the built page once: file names are looked up in what is there, so no path of a request
 * ever reaches the disk. Undefined if it was not built, as in a clone.
 */
export function assetsIn(folder = FOLDER): ReadonlyMap<string, Asset> | undefined {
  if (!existsSync(join(folder, "index.html"))) return undefined;
  return new Map(
    readdirSync(folder).flatMap((name) => {
      const type = TYPES[extname(name)];
      if (type === undefined) return [];
      const body = new Uint8Array(readFileSync(join(folder, name)));
      return [[name, { type, body, zipped: new Uint8Array(gzipSync(body)) }] as const];
    }),
  );
}
