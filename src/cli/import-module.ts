import { pathToFileURL } from "node:url";
import { codeOf } from "../contract/errors.ts";

/** The names and values that a module exports. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Codes with which Node says that it cannot read a module, as opposed to a module that throws: an
 * import without its extension, `./x.js` for `x.ts`, an alias of tsconfig, syntax that has to be
 * compiled, a dialect that it does not know.
 */
const BEYOND_NODE = new Set([
  "ERR_MODULE_NOT_FOUND",
  "MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
  "ERR_INVALID_TYPESCRIPT_SYNTAX",
  "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
  "ERR_UNKNOWN_FILE_EXTENSION",
]);

/**
 * Imports a TypeScript or JavaScript module. Node does it where it can. Where the sources need a
 * compiler, jiti compiles them in memory, as the tsconfig beside them says. Throws what the module
 * throws, or why neither of the two can read it.
 */
export async function importModule(file: string): Promise<ModuleExports> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    if (!isBeyondNode(cause)) throw cause;
    return compiled(file);
  }
}

function isBeyondNode(cause: unknown): boolean {
  // A decorator is a syntax error, and so is a type that is imported as a value. `exports` in an ES
  // module is a ReferenceError: the file is CommonJS in a package of ES modules.
  const alien =
    cause instanceof ReferenceError &&
    /^(require|exports|module|__dirname|__filename) is not defined/.test(cause.message);
  return BEYOND_NODE.has(codeOf(cause)) || cause instanceof SyntaxError || alien;
}

async function compiled(file: string): Promise<ModuleExports> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(pathToFileURL(file).href, {
    // Nothing is left behind in the user's project.
    fsCache: false,
    // Stack traces, and the places of declarations, are those of the source.
    sourceMaps: true,
    tsconfigPaths: true,
  });
  return jiti.import<ModuleExports>(file);
}
