import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../templates", import.meta.url));
const NAME_MAX = 200;
/** npm leaves a `.gitignore` out of a package. */
const HIDDEN: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  dockerignore: ".dockerignore",
};

/** A part of a `package.json`. */
type Fields = { readonly [key: string]: unknown };

export interface ProjectOptions {
  /** Folders of `templates/`, in the order in which they are laid over one another. */
  readonly layers: readonly string[];
  /** The name of the project's folder. */
  readonly name: string;
  /** The version, range or tarball of Odori that the project depends on. */
  readonly odori: string;
}

/** Composes the files of a new project: the text of each, by its path with slashes. */
export function projectFiles({ layers, name, odori }: ProjectOptions): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  let manifest: Fields = { name: packageName(name) };
  for (const layer of layers)
    for (const [path, text] of filesOf(join(FOLDER, layer))) {
      if (path === "package.json") manifest = merged(manifest, JSON.parse(text));
      else files.set(HIDDEN[path] ?? path, text);
    }
  const whole = withSortedPackages(merged(manifest, { dependencies: { odori } }));
  files.set("package.json", `${JSON.stringify(whole, undefined, 2)}\n`);
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function filesOf(folder: string): readonly (readonly [path: string, text: string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [
        file
          .slice(folder.length + 1)
          .split(sep)
          .join("/"),
        readFileSync(file, "utf8"),
      ];
    });
}

/** Derives a name that npm accepts. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, NAME_MAX);
  return name === "" ? "shop" : name;
}

function merged(one: Fields, other: Fields): Fields {
  const both = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, isFields(before) && isFields(value) ? merged(before, value) : value];
  });
  return { ...one, ...Object.fromEntries(both) };
}

function withSortedPackages(manifest: Fields): Fields {
  const sorted = Object.entries(manifest).map(([key, value]) =>
    /ependencies$/.test(key) && isFields(value)
      ? [key, Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))]
      : [key, value],
  );
  return Object.fromEntries(sorted);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
