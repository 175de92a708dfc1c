import { quote } from "../contract/grammar.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { pointerSteps } from "./refs.ts";

/**
 * Reads and parses another document, by its name relative to the one that refers to it. Returns its
 * own name and content.
 */
export type LoadDocument = (
  name: string,
  from: string,
) => { readonly file: string; readonly value: unknown };

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** References to references may be a circle. */
const REFS_MAX = 32;

/** Follows `$ref`, within a document and into others beside it; never over the network. */
export class Resolver {
  readonly #file: string;
  readonly #root: unknown;
  readonly #load: LoadDocument;

  constructor(file: string, root: unknown, load: LoadDocument) {
    this.#file = file;
    this.#root = root;
    this.#load = load;
  }

  /** The object that a node is or refers to; undefined where it is none. */
  object(node: unknown): Json | undefined {
    return this.follow(node)?.node;
  }

  /** The objects in a record. */
  values(record: unknown): readonly Json[] {
    return isObject(record)
      ? Object.values(record)
          .map((node) => this.object(node))
          .filter((node) => node !== undefined)
      : [];
  }

  /**
   * The object, with a resolver for the references that it makes itself, and the last step of the
   * reference that led to it.
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
      if (hop === REFS_MAX) throw this.#broken(at.$ref, "leads back to itself");
      if (/^[a-z][a-z0-9+.-]*:/i.test(file))
        throw this.#broken(at.$ref, "is elsewhere, and nothing is fetched");
      if (file !== "") {
        const other = this.#load(file, resolver.#file);
        resolver = new Resolver(other.file, other.value, this.#load);
      }
      at = resolver.#root;
      for (const step of pointerSteps(fragment)) {
        at = isObject(at) || Array.isArray(at) ? Reflect.get(at, step) : undefined;
        name = step;
      }
      if (at === undefined) throw this.#broken(`${file}#${fragment}`, "leads nowhere");
    }
    return isObject(at) ? { node: at, resolver, name } : undefined;
  }

  #broken(reference: string, what: string): ManifestError {
    return new ManifestError(this.#file, [
      { path: [], message: `the reference ${quote(reference)} ${what}` },
    ]);
  }
}
