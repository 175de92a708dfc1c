import { quote } from "../contract/grammar.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { pointerSteps } from "./refs.ts";

/**
 * Loads and parses a document. `name` is relative to the document `from`. Returns the name and the
 * content of the document.
 */
export type LoadDocument = (
  name: string,
  from: string,
) => { readonly file: string; readonly value: unknown };

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Tells whether a value is a JSON object, and not an array or null. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Bounds chains of references, which may be circular. */
const REFS_MAX = 32;

/** Follows `$ref` within a document and into local files; never over the network. */
export class Resolver {
  readonly #file: string;
  readonly #root: unknown;
  readonly #load: LoadDocument;

  constructor(file: string, root: unknown, load: LoadDocument) {
    this.#file = file;
    this.#root = root;
    this.#load = load;
  }

  /** Returns the object that a node is or refers to; undefined if there is none. */
  object(node: unknown): Json | undefined {
    return this.follow(node)?.node;
  }

  /** Returns the objects in a record, with references resolved. */
  values(record: unknown): readonly Json[] {
    return isObject(record)
      ? Object.values(record)
          .map((node) => this.object(node))
          .filter((node) => node !== undefined)
      : [];
  }

  /**
   * Returns the object, a resolver for its own references, and the last key of the reference to it.
   * Throws `MANIFEST_INVALID` for a broken reference.
   */
  follow(
    node: unknown,
  ):
    | { readonly node: Json; readonly resolver: Resolver; readonly name: string | undefined }
    | undefined {
    let at: unknown = node;
    let resolver: Resolver = this;
    let name: string | undefined;
    for (let hop = 0; isObject(at) && typeof at.$ref === "string"; hop++) {
      const [file = "", fragment = ""] = at.$ref.split("#");
      if (hop === REFS_MAX) throw this.#broken(at.$ref, "is circular");
      if (/^[a-z][a-z0-9+.-]*:/i.test(file))
        throw this.#broken(at.$ref, "is a URL: save the document in a file, and refer to the file");
      if (file !== "") {
        const other = this.#load(file, resolver.#file);
        resolver = new Resolver(other.file, other.value, this.#load);
      }
      at = resolver.#root;
      for (const step of pointerSteps(fragment)) {
        at = isObject(at) || Array.isArray(at) ? Reflect.get(at, step) : undefined;
        name = step;
      }
      if (at === undefined) throw this.#broken(`${file}#${fragment}`, "has no target");
    }
    return isObject(at) ? { node: at, resolver, name } : undefined;
  }

  #broken(reference: string, what: string): ManifestError {
    return new ManifestError(this.#file, [
      { path: [], message: `the reference ${quote(reference)} ${what}` },
    ]);
  }
}
