import { dirname, join } from "node:path/posix";
import { type SourceFile, sources } from "./sources.ts";

type Module = Pick<SourceFile, "path" | "text">;

/** One name at the top of a module. */
export interface Declaration {
  readonly name: string;
  readonly path: string;
  readonly exported: boolean;
}

const DECLARED =
  /^(export )?(?:async |abstract )*(?:class|interface|type|enum|const|function\*?) (\w+)/gm;
const REEXPORTED = /^export (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gm;

function declarationsOf({ path, text }: Module): readonly Declaration[] {
  // The signatures of an overloaded function are one declaration.
  const found = new Map<string, Declaration>();
  for (const [, exported, name = ""] of text.matchAll(DECLARED))
    found.set(name, { name, path, exported: exported !== undefined });
  return [...found.values()];
}

/** What an entry exports: the name that users write, and the declaration behind it. */
export interface Export {
  readonly as: string;
  readonly name: string;
  readonly path: string;
}

export function exportsOf(path: string): readonly Export[] {
  const file = sources.find((source) => source.path === path);
  if (file === undefined) throw new Error(`${path} is not a module of src/`);
  const own = declarationsOf(file)
    .filter(({ exported }) => exported)
    .map(({ name }) => ({ as: name, name, path }));
  const passed = [...file.text.matchAll(REEXPORTED)].flatMap(([, list = "", from = ""]) => {
    const behind = exportsOf(join(dirname(path), from));
    return list
      .split(",")
      .map((item) => item.trim().replace(/^type /, ""))
      .filter((item) => item !== "")
      .map((item) => {
        const [name = "", as = name] = item.split(" as ");
        const target = behind.find((other) => other.as === name);
        if (target === undefined) throw new Error(`${path}: ${from} does not export ${name}`);
        return { ...target, as };
      });
  });
  return [...own, ...passed];
}

/** Adapters repeat each other's file names and the names in them: the same part of another one. */
const adapterOf = (path: string) => /^adapters\/([^/]+)\//.exec(path)?.[1];

function counterparts(declarations: readonly Declaration[]): boolean {
  const adapters = declarations.map(({ path }) => adapterOf(path));
  return !adapters.includes(undefined) && new Set(adapters).size === adapters.length;
}

/** Names that are exported by one module and mean something else in another. */
export function overloaded(files: readonly Module[]): readonly (readonly Declaration[])[] {
  const byName = Map.groupBy(files.flatMap(declarationsOf), ({ name }) => name);
  return [...byName.values()].filter(
    (same) => same.length > 1 && same.some(({ exported }) => exported) && !counterparts(same),
  );
}

/** The shortest circle of imports through each module; a circle is reported once. */
export function circlesOf(
  files: readonly Pick<SourceFile, "path" | "imports">[],
): readonly (readonly string[])[] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
  const circles = new Map<string, readonly string[]>();
  for (const { path: start } of files) {
    const cameFrom = new Map<string, string>();
    const queue = [start];
    for (const path of queue)
      for (const target of importsOf.get(path) ?? [])
        if (!cameFrom.has(target)) {
          cameFrom.set(target, path);
          queue.push(target);
        }
    if (!cameFrom.has(start)) continue;
    const circle = [start];
    for (let at = cameFrom.get(start); at !== undefined && at !== start; at = cameFrom.get(at))
      circle.unshift(at);
    circle.unshift(start);
    const key = [...new Set(circle)].sort().join();
    if (!circles.has(key)) circles.set(key, circle);
  }
  return [...circles.values()];
}
