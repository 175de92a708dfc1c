import type { Place } from "../../check/finding.ts";
import { stemOf } from "../../contract/grammar.ts";
import { type Manifest, reactionName, typesEmittedBy } from "../../manifest/manifest.ts";

/** One element of a source that a finding may be about. */
export type Element =
  | { readonly kind: "list"; readonly list: NonNullable<Place["list"]>; readonly event: string }
  | { readonly kind: "reaction"; readonly service: string; readonly index: number }
  | { readonly kind: "deadline"; readonly service: string; readonly index: number }
  | { readonly kind: "begins"; readonly service: string; readonly index: number }
  | { readonly kind: "event"; readonly type: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "whole" };

/**
 * Returns the elements of a manifest that a place may mean, the closest first. A finding names the
 * newest version of an event, and a source may have an older one.
 */
export function elementsAt(
  manifest: Manifest,
  { service: name, event, reaction, list }: Place,
): readonly Element[] {
  const service = manifest.services.get(name ?? "");
  const same = (type: string | undefined) =>
    event !== undefined && type !== undefined && stemOf(type) === stemOf(event);
  const elements: Element[] = [];
  if (list !== undefined && event !== undefined) elements.push({ kind: "list", list, event });
  if (service !== undefined && name !== undefined) {
    const { reactions, deadlines, begins } = service;
    const add = (kind: "reaction" | "deadline" | "begins", index: number) => {
      if (index >= 0) elements.push({ kind, service: name, index });
    };
    if (reaction !== undefined)
      add(
        "reaction",
        reactions.findIndex((entry) => reactionName(entry) === reaction),
      );
    add(
      "reaction",
      reactions.findIndex((entry) => typesEmittedBy(entry).some(same)),
    );
    add(
      "reaction",
      reactions.findIndex(({ undoes }) => same(undoes)),
    );
    add(
      "deadline",
      deadlines.findIndex(({ emits }) => same(emits)),
    );
    add("begins", begins.findIndex(same));
    add(
      "reaction",
      reactions.findIndex(({ hears }) => hears.some(same)),
    );
    add(
      "deadline",
      deadlines.findIndex(({ after, unless }) => [after, ...unless].some(same)),
    );
  }
  const type = [...manifest.events.keys()].find(same);
  if (type !== undefined) elements.push({ kind: "event", type });
  if (service !== undefined && name !== undefined)
    elements.push({ kind: "service", service: name });
  return elements;
}

/** Identifies an element within its source. */
export function elementKey(element: Element): string {
  return JSON.stringify(element);
}
