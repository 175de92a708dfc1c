import { quote } from "../contract/grammar.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { toManifest } from "../manifest/read.ts";
import { foreignManifest, type Names } from "./foreign.ts";
import { pointer, rebase } from "./refs.ts";
import { isObject, type LoadDocument, Resolver } from "./resolve.ts";

/**
 * Tells whether a parsed document has the key `asyncapi`.
 *
 * @example
 * ```ts
 * import { isAsyncApi } from "odori/asyncapi";
 *
 * console.log(isAsyncApi({ asyncapi: "3.1.0" }));
 * ```
 */
export function isAsyncApi(value: unknown): boolean {
  return isObject(value) && "asyncapi" in value;
}

/**
 * Reads an AsyncAPI 3 document as a manifest. A document of `toAsyncApi` comes back without loss.
 * In any other document messages become events, and the links between them are unknown.
 * `load` reads the documents that it refers to. `names` gives messages of others other names: the
 * key is the name of a message, or `<address>#<name>`. Throws `MANIFEST_INVALID`.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { isAsyncApi, readAsyncApi } from "odori/asyncapi";
 *
 * const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
 * const document = read("payment.json");
 * if (isAsyncApi(document)) {
 *   const load = (name: string) => ({ file: name, value: read(name) });
 *   console.log(readAsyncApi(document, "payment.json", load).name);
 * }
 * ```
 */
export function readAsyncApi(
  value: unknown,
  file: string,
  load: LoadDocument,
  names: Names = new Map(),
): Manifest {
  if (!isObject(value)) throw new ManifestError(file, [{ path: [], message: "is not an object" }]);
  const { asyncapi } = value;
  if (typeof asyncapi !== "string" || !/^3\.\d+\.\d+$/.test(asyncapi)) {
    throw new ManifestError(file, [
      {
        path: ["asyncapi"],
        message: `is ${quote(asyncapi)}; only AsyncAPI 3 is supported: convert the document`,
      },
    ]);
  }
  const resolver = new Resolver(file, value, load);
  const extension = value["x-odori"];
  return isObject(extension)
    ? ownManifest(value, extension, resolver, file)
    : foreignManifest(value, resolver, file, names);
}

/** Rebuilds a manifest from a document of `toAsyncApi`. */
function ownManifest(
  document: Readonly<Record<string, unknown>>,
  extension: Readonly<Record<string, unknown>>,
  resolver: Resolver,
  file: string,
): Manifest {
  const services = new Map(
    Object.entries(isObject(extension.services) ? extension.services : {}).map(([name, entry]) => [
      name,
      isObject(entry) ? { ...entry } : {},
    ]),
  );
  const reactions = new Map<string, Map<number, unknown>>();
  for (const operation of resolver.values(document.operations)) {
    const service = operation["x-odori-service"];
    const heard: unknown = operation["x-odori-reaction"];
    if (typeof service !== "string" || !Array.isArray(heard)) continue;
    const list = reactions.get(service) ?? new Map<number, unknown>();
    reactions.set(service, list);
    for (const item of heard) {
      if (!isObject(item))
        throw new ManifestError(file, [
          { path: ["operations"], message: "has an x-odori-reaction that is not an object" },
        ]);
      const { place, ...reaction } = item;
      list.set(Number(place), reaction);
    }
  }
  for (const [name, list] of reactions) {
    const ordered = [...list].sort(([a], [b]) => a - b).map(([, reaction]) => reaction);
    services.set(name, { ...services.get(name), reactions: ordered });
  }
  return toManifest(
    { ...extension, services: Object.fromEntries(services), events: eventsIn(document, resolver) },
    file,
  );
}

function eventsIn(
  document: Readonly<Record<string, unknown>>,
  resolver: Resolver,
): Readonly<Record<string, unknown>> {
  const components = isObject(document.components) ? document.components : {};
  const schemas = isObject(components.schemas) ? components.schemas : {};
  const messages = isObject(components.messages) ? components.messages : {};
  const events = Object.entries(messages).flatMap(([type, node]) => {
    const message = resolver.object(node);
    const own = message?.["x-odori-event"];
    if (message === undefined || !isObject(own)) return [];
    const { summary } = message;
    const schema = rebase(schemas[type], pointer("components", "schemas", type), "#");
    return [
      [
        type,
        {
          ...own,
          ...(summary !== undefined && { summary }),
          ...(schema !== undefined && { schema }),
        },
      ] as const,
    ];
  });
  return Object.fromEntries(events);
}
