import { stemOf } from "../../contract/grammar.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import type { ParsedText } from "../../manifest/text.ts";
import type { Element } from "./element.ts";
import { type Locate, relativeFile } from "./places.ts";

type Path = readonly (string | number)[];

/** Finds elements in the text of a manifest. */
export function inDocument(
  { path: file, place }: Pick<ParsedText, "place"> & { readonly path: string },
  manifest: Manifest,
): Locate {
  const shown = relativeFile(file);
  return (element) => {
    const path = pathOf(manifest, element);
    if (path === undefined || shown === undefined) return undefined;
    const { line, column } = place({ path, message: "" });
    if (line === undefined || column === undefined) return { file: shown };
    return { file: shown, line, column };
  };
}

/** Names the file of a document that has no places, such as one of AsyncAPI. */
export function inFile(file: string): Locate {
  const shown = relativeFile(file);
  return () => (shown === undefined ? undefined : { file: shown });
}

function pathOf(manifest: Manifest, element: Element): Path | undefined {
  switch (element.kind) {
    case "reaction":
      return ["services", element.service, "reactions", element.index];
    case "deadline":
      return ["services", element.service, "deadlines", element.index];
    case "begins":
      return ["services", element.service, "begins", element.index];
    case "event":
      return ["events", element.type];
    case "service":
      return ["services", element.service];
    case "list":
      return pathInList(manifest, element);
    case "whole":
      return [];
  }
}

function pathInList(
  manifest: Manifest,
  { list, event }: Element & { kind: "list" },
): Path | undefined {
  // A finding names the newest version of an event.
  const same = (type: string) => stemOf(type) === stemOf(event);
  const keyIn = (map: ReadonlyMap<string, unknown>) => [...map.keys()].find(same);
  switch (list) {
    case "events": {
      const key = keyIn(manifest.events);
      return key === undefined ? undefined : [list, key];
    }
    case "locks":
      return pathTo(
        manifest.locks.map(({ acquire, release }) => [acquire, ...release]),
        same,
        (lock, place) =>
          place === 0 ? [list, lock, "acquire"] : [list, lock, "release", place - 1],
      );
    case "undoOrder":
    case "oneOf":
      return pathTo(manifest[list], same, (group, place) => [list, group, place]);
    case "alsoHears":
    case "alsoEmits": {
      const owner = [...manifest.services.values()].find((service) => keyIn(service[list]));
      return owner && ["services", owner.name, list, keyIn(owner[list]) ?? event];
    }
    default: {
      const index = manifest[list].findIndex(same);
      return index < 0 ? undefined : [list, index];
    }
  }
}

function pathTo(
  groups: readonly (readonly string[])[],
  same: (type: string) => boolean,
  path: (group: number, place: number) => Path,
): Path | undefined {
  const group = groups.findIndex((names) => names.some(same));
  return group < 0 ? undefined : path(group, groups[group]?.findIndex(same) ?? 0);
}
