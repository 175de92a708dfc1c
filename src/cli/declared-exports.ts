import { stripTypeScriptTypes } from "node:module";

/** What the source of a module says of it, before any of it runs. */
export interface DeclaredExports {
  /** Names that it exports. Undefined if only running it can tell. */
  readonly names: readonly string[] | undefined;
  /** Modules of its own project that it imports. */
  readonly imports: readonly string[];
}

const UNKNOWN: DeclaredExports = { names: undefined, imports: [] };

/** Reads what a module exports from its source. Runs nothing. */
export async function declaredExports(source: string): Promise<DeclaredExports> {
  const { init, parse } = await import("es-module-lexer");
  await init;
  try {
    const script = withoutTypes(source);
    const [imports, exports, , isModule] = parse(script);
    const local = imports.flatMap(({ n: name }) => (name?.startsWith(".") === true ? [name] : []));
    // The names behind `export * from` stand in another file; those of CommonJS are computed.
    const open = isModule ? /\bexport\s*\*/.test(script) : /\bexports\b|\bexport\s*=/.test(script);
    return {
      names: open ? undefined : exports.map(({ n: name }) => name),
      imports: [...new Set(local)],
    };
  } catch {
    return UNKNOWN;
  }
}

/** Removes the types. Returns the source as it is where Node cannot: the lexer copes with most. */
function withoutTypes(source: string): string {
  try {
    return stripTypeScriptTypes(source, { mode: "transform" });
  } catch {
    return source;
  }
}
