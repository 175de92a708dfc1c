import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { ManifestError } from "../manifest/mistakes.ts";

/** Converts an AsyncAPI 2 document to AsyncAPI 3. Throws `MANIFEST_INVALID`. */
type Convert = (document: unknown, file: string) => unknown;

const PACKAGE = "@asyncapi/converter";

/** Tells whether a document is of AsyncAPI 2. */
export function isAsyncApi2(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "asyncapi" in value &&
    typeof value.asyncapi === "string" &&
    /^2\.\d+\.\d+$/.test(value.asyncapi)
  );
}

/**
 * Loads the official converter: beside Odori, else of the project in the working folder. Throws
 * `CONVERTER_MISSING`.
 */
export async function loadConverter(): Promise<Convert> {
  const convert = functionOf(await imported());
  return (document, file) => {
    const strays = Object.entries(channelsOf(document)).filter(([, node]) => isElsewhere(node));
    if (strays.length > 0) {
      const message = "refers to another file, which is not converted: bundle the document first";
      const at = ([name]: readonly [string, unknown]) => ({ path: ["channels", name], message });
      throw new ManifestError(file, strays.slice(0, 100).map(at));
    }
    return quietly(() => {
      try {
        return convert(document, "3.0.0");
      } catch (cause) {
        const message = `cannot be converted to AsyncAPI 3: ${messageOf(cause)}`;
        throw new ManifestError(file, [{ path: [], message }], cause);
      }
    });
  };
}

async function imported(): Promise<unknown> {
  const require = createRequire(join(process.cwd(), "package.json"));
  const problems: unknown[] = [];
  for (const find of [() => PACKAGE, () => pathToFileURL(require.resolve(PACKAGE)).href]) {
    try {
      return await import(find());
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw new OdoriError(
    "CONVERTER_MISSING",
    `A document of AsyncAPI 2 needs ${quote(PACKAGE)}, which is not installed.`,
    { cause: problems[0], hint: `Run npm install --save-dev ${PACKAGE}.` },
  );
}

/** Finds the function of a CommonJS package, which Node may put below `default`. */
function functionOf(loaded: unknown): Callable {
  const found = [member(loaded, "convert"), member(member(loaded, "default"), "convert")].find(
    isCallable,
  );
  if (found !== undefined) return found;
  throw new OdoriError("CONVERTER_MISSING", `${quote(PACKAGE)} has no function "convert".`, {
    hint: `Install the newest version: npm install --save-dev ${PACKAGE}.`,
  });
}

type Callable = (...parameters: readonly unknown[]) => unknown;

function isCallable(value: unknown): value is Callable {
  return typeof value === "function";
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function channelsOf(document: unknown): object {
  const channels = member(document, "channels");
  return typeof channels === "object" && channels !== null ? channels : {};
}

function isElsewhere(node: unknown): boolean {
  const reference = member(node, "$ref");
  return typeof reference === "string" && !reference.startsWith("#");
}

/** Drops what the converter prints: it quotes the document, whose text is not trusted. */
function quietly<T>(work: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return work();
  } finally {
    console.warn = warn;
  }
}
