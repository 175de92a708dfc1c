import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type Kind = "function" | "class" | "interface" | "type" | "const";

/** A top-level declaration as the compiler writes it. */
export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  /** The doc comment before it; empty where there is none. */
  readonly comment: string;
  /** Its text, with the comments of its members. */
  readonly text: string;
  /** Its file, relative to `src/`, such as `contract/event.d.ts`. */
  readonly file: string;
}

/** A declaration file, read as far as the reference needs it. */
export interface DeclarationFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** What it imports or exports again: the local name, and where that comes from. */
  readonly imports: ReadonlyMap<string, Origin>;
  readonly exports: ReadonlyMap<string, Origin>;
}

/** A name in a declaration file. */
export interface Origin {
  readonly file: string;
  readonly name: string;
}

/** An entry of `exports` in package.json, with the declarations that it exports by name. */
export interface Entry {
  /** As it is imported: `odori/sqlite`. */
  readonly name: string;
  readonly exports: ReadonlyMap<string, Declaration>;
}

export interface PublicSurface {
  readonly entries: readonly Entry[];
  readonly files: ReadonlyMap<string, DeclarationFile>;
}

/** Has the compiler write the declarations of `src/`, and follows every entry's exports. */
export function publicSurface(): PublicSurface {
  const files = emitted();
  const entries = entryFiles().map(([name, file]) => {
    const exported = [...(files.get(file)?.exports.keys() ?? [])].sort();
    return {
      name,
      exports: new Map(exported.map((key) => [key, resolve(files, { file, name: key })])),
    };
  });
  return { entries, files };
}

/** Follows a name through files that export it again, to its declaration. */
export function find(
  files: ReadonlyMap<string, DeclarationFile>,
  { file, name }: Origin,
): Declaration | undefined {
  const read = files.get(file);
  const origin = read?.exports.get(name) ?? read?.imports.get(name);
  const declared = read?.declarations.get(name);
  if (declared !== undefined || origin === undefined) return declared;
  return find(files, origin);
}

function resolve(files: ReadonlyMap<string, DeclarationFile>, origin: Origin): Declaration {
  const found = find(files, origin);
  if (found === undefined) throw new Error(`${origin.file} exports ${origin.name} from nowhere`);
  return found;
}

function entryFiles(): readonly (readonly [name: string, file: string])[] {
  const manifest: { readonly exports: Readonly<Record<string, unknown>> } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    const source = /"odori-source":"\.\/src\/([^"]+)\.ts"/.exec(JSON.stringify(target))?.[1];
    return source === undefined ? [] : [[posix.join("odori", path), `${source}.d.ts`] as const];
  });
}

function emitted(): ReadonlyMap<string, DeclarationFile> {
  const folder = mkdtempSync(join(tmpdir(), "odori-declarations-"));
  try {
    const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder];
    const sources = ["--sourceMap", "false", "--inlineSources", "false"];
    const ran = spawnSync(process.execPath, [compiler, ...options, ...sources], {
      cwd: ROOT,
      encoding: "utf8",
    });
    if (ran.status !== 0) throw new Error(`the compiler failed: ${ran.stdout}${ran.stderr}`);
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".d.ts"))
      .map((name) => name.split(sep).join("/"));
    return new Map(
      names.map((name) => [name, readFileSync(join(folder, name), "utf8")] as const).map(parsed),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The compiler begins each statement in the first column, and the comment before it; comments of
 * the members of an array may stand there as well.
 */
const KEYWORD = "(?:export|import|declare|type|interface) ";
const STATEMENT = new RegExp(
  `^(?=${KEYWORD}|/\\*\\*(?:(?!\\*/)[^])*\\*/\\n(?:/\\*\\*|${KEYWORD}))`,
  "m",
);
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(function|class|interface|type|const) (\w+)/;
const NAMES = /^(export|import) (?:type )?\{([^}]*)\}(?: from "([^"]+)")?/;

function parsed([file, text]: readonly [string, string]): readonly [string, DeclarationFile] {
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, Origin>();
  const exports = new Map<string, Origin>();
  let comment = "";
  for (const statement of text.split(STATEMENT)) {
    if (statement.startsWith("/**")) {
      comment = statement;
      continue;
    }
    const [, kind, name = ""] = DECLARATION.exec(statement) ?? [];
    if (isKind(kind)) {
      const before = declarations.get(name);
      const whole = before === undefined ? statement : `${before.text}${statement}`;
      const first = before?.comment ?? comment;
      declarations.set(name, { name, kind, comment: first, text: whole, file });
      if (statement.startsWith("export ")) exports.set(name, { file, name });
    }
    const [, verb, list = "", from] = NAMES.exec(statement) ?? [];
    for (const [local, origin] of namesOf(file, list, from))
      (verb === "export" ? exports : imports).set(local, origin);
    comment = "";
  }
  return [file, { declarations, imports, exports }];
}

function isKind(kind: string | undefined): kind is Kind {
  return kind !== undefined;
}

/** `type A, B as C` from `./x.ts`: what each is called here, and where it comes from. */
function namesOf(
  file: string,
  list: string,
  from: string | undefined,
): readonly (readonly [string, Origin])[] {
  if (from !== undefined && !from.startsWith(".")) return [];
  const target =
    from === undefined
      ? file
      : posix.join(posix.dirname(file), from.replace(/(\.d)?\.ts$/, ".d.ts"));
  return list
    .split(",")
    .map((item) => item.trim().replace(/^type /, ""))
    .filter((item) => item !== "")
    .map((item) => {
      const [name = "", local = name] = item.split(" as ");
      return [local, { file: target, name }] as const;
    });
}
