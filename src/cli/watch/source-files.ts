import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const SOURCE = /\.([cm]?[jt]sx?|json|ya?ml)$/i;
/** Bounds of what is watched: a home folder by mistake would have any number of files. */
const FOLDERS_MAX = 2_000;
const FILES_MAX = 20_000;
const FILE_BYTES_MAX = 16 * 1024 * 1024;

interface Known {
  readonly modifiedMs: number;
  readonly size: number;
  readonly hash: string;
}

/**
 * The files that a check may depend on: all sources below the project of each source that was
 * named. What a module imports is known to its loader only, and its project has it all.
 */
export class SourceFiles {
  readonly #roots: readonly string[];
  readonly #ignored: ReadonlySet<string>;
  #known = new Map<string, Known>();
  #folders: readonly string[] = [];

  /** `ignored` are files that a check writes. */
  constructor(sources: readonly string[], ignored: readonly string[]) {
    const roots = new Set(sources.map((source) => projectOf(resolve(source.split("#")[0] ?? ""))));
    this.#roots = [...roots];
    this.#ignored = new Set(ignored.map((file) => resolve(file)));
    this.changed();
  }

  /** The folders that have the files, at the last look. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  /** The number of files, at the last look. */
  get count(): number {
    return this.#known.size;
  }

  /** Looks again, and tells whether the content of any file is another than at the last look. */
  changed(): boolean {
    const before = this.#known;
    const now = new Map<string, Known>();
    const folders = [...this.#roots];
    for (const folder of folders) {
      for (const entry of entriesOf(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          const own = entry.name !== "node_modules" && !entry.name.startsWith(".");
          if (own && folders.length < FOLDERS_MAX && !folders.includes(path)) folders.push(path);
        } else if (SOURCE.test(path) && !this.#ignored.has(path) && now.size < FILES_MAX) {
          const file = look(path, before.get(path));
          if (file !== undefined) now.set(path, file);
        }
      }
    }
    this.#known = now;
    this.#folders = folders;
    return (
      now.size !== before.size ||
      [...now].some(([path, { hash }]) => before.get(path)?.hash !== hash)
    );
  }
}

/** Returns the closest folder with a `package.json`; else the folder of the file. */
function projectOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) return dirname(file);
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It was removed in the meantime.
    return [];
  }
}

/** Reads a file, unless it is as it was. Undefined if it is gone or too large to be a source. */
function look(path: string, known: Known | undefined): Known | undefined {
  try {
    const { mtimeMs: modifiedMs, size } = statSync(path);
    if (size > FILE_BYTES_MAX) return undefined;
    if (known !== undefined && known.modifiedMs === modifiedMs && known.size === size) return known;
    return {
      modifiedMs,
      size,
      hash: createHash("sha256").update(readFileSync(path)).digest("hex"),
    };
  } catch {
    return undefined;
  }
}
