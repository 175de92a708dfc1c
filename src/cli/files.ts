import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { LoadDocument } from "../asyncapi/resolve.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";

/** Most bytes of one file, and of all files that one document refers to. */
const BYTES_MAX = 64 * 1024 * 1024;
const DOCUMENTS_MAX = 1_000;

/**
 * Reads a UTF-8 text file of at most 64 MiB. Throws `FILE_UNREADABLE`, also for a pipe or a device,
 * which might never end.
 */
export function readText(path: string): string {
  let file: number | undefined;
  try {
    // To open a device may have an effect: look first.
    checkFile(statSync(path));
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    checkFile(fstatSync(file));
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new OdoriError(
      "FILE_UNREADABLE",
      `Cannot read the file ${quote(path)}: ${messageOf(cause)}.`,
      { cause, hint: "Check the path and the permissions of the file." },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function checkFile(found: Stats): void {
  const { size } = found;
  if (!found.isFile()) throw new Error("it is not a regular file");
  if (size > BYTES_MAX) throw new Error(`it has ${size} bytes, and the limit is ${BYTES_MAX}`);
}

/**
 * Loads the documents that the document `root` refers to: regular files within its folder, each
 * once, at most 1,000. Throws `MANIFEST_INVALID` or `FILE_UNREADABLE`.
 */
export function documentsBeside(root: string): LoadDocument {
  const folder = resolve(dirname(root));
  const known = new Map<string, { readonly file: string; readonly value: unknown }>();
  let bytesLeft = BYTES_MAX;
  return (name, from) => {
    const file = join(dirname(from), name);
    const loaded = known.get(file);
    if (loaded !== undefined) return loaded;
    const refuse = (what: string) =>
      new ManifestError(from, [{ path: [], message: `the reference ${quote(name)} ${what}` }]);
    // A name that leads out is refused before anything is looked up there; then a link that does.
    if (!isWithin(folder, resolve(file)) || !isWithin(real(folder), real(file)))
      throw refuse(`leaves the folder of ${quote(root)}: move the document into it`);
    if (known.size === DOCUMENTS_MAX)
      throw refuse(`is one of more than ${DOCUMENTS_MAX} documents`);
    const text = readText(file);
    bytesLeft -= text.length;
    if (bytesLeft < 0) throw refuse(`is to a document too many: they have over ${BYTES_MAX} bytes`);
    const document = { file, value: parseJsonOrYaml(file, text).value };
    known.set(file, document);
    return document;
  };
}

/** Returns the path without symbolic links; as it is if no such file exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

/** Tells whether a source is a document, by its name; otherwise it is a module. */
export function isDocument(path: string): boolean {
  return /\.(json|ya?ml)$/i.test(path);
}
