import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../../check/finding.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { type Element, elementsAt } from "./element.ts";

/** A place in a file. */
export interface SourcePlace {
  /** Relative to the working directory, with slashes. */
  readonly file: string;
  /** Counted from 1. Absent if only the file is known. */
  readonly line?: number;
  readonly column?: number;
}

/** Finds the place of an element in one source. */
export type Locate = (element: Element) => SourcePlace | undefined;

/** One source of a choreography, and the places of its elements. */
export interface LocatedSource {
  readonly manifest: Manifest;
  readonly locate: Locate;
}

/** Finds the file and the line that a finding is about; undefined if no source has it. */
export function sourcePlaceOf(
  at: Place,
  sources: readonly LocatedSource[],
): SourcePlace | undefined {
  const candidates = sources.map(({ manifest, locate }) =>
    elementsAt(manifest, at).map((element) => locate(element)),
  );
  const most = Math.max(0, ...candidates.map(({ length }) => length));
  for (let rank = 0; rank < most; rank++)
    for (const places of candidates) {
      const place = places[rank];
      if (place !== undefined) return place;
    }
  // A finding about the saga as a whole is about the source that says how sagas end.
  const whole = sources.find(({ manifest }) => manifest.succeeds.length > 0) ?? sources[0];
  return whole?.locate({ kind: "whole" });
}

/** Returns a path relative to the working directory; undefined if there is none. */
export function relativeFile(file: string): string | undefined {
  return relativeTo(process.cwd(), file);
}

/**
 * Returns a file of a `SourcePlace` relative to the repository, where GitHub looks for it: a step
 * may run in another folder. Unchanged outside of GitHub, which sets `GITHUB_WORKSPACE`.
 */
export function fileInRepository(file: string): string {
  const root = process.env.GITHUB_WORKSPACE;
  const way = root === undefined || root === "" ? undefined : relativeTo(root, file);
  return way === undefined || way.startsWith("../") ? file : way;
}

function relativeTo(folder: string, file: string): string | undefined {
  const path = file.startsWith("file:") ? fileURLToPath(file) : resolve(file);
  const way = relative(folder, path);
  return way === "" || isAbsolute(way) ? undefined : way.replaceAll("\\", "/");
}
