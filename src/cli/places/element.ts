import type { Place } from "../../check/finding.ts";
import { stemOf } from "../../contract/grammar.ts";
import {
  type DeadlineEntry,
  type Manifest,
  type ReactionEntry,
  reactionName,
  type ServiceEntry,
  typesEmittedBy,
} from "../../manifest/manifest.ts";

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
  const type = [...manifest.events.keys()].find(same);
  return [
    list === undefined || event === undefined ? [] : [{ kind: "list" as const, list, event }],
    service === undefined ? [] : elementsIn(service, reaction, same),
    type === undefined ? [] : [{ kind: "event" as const, type }],
    service === undefined ? [] : [{ kind: "service" as const, service: service.name }],
  ].flat();
}

/** Returns the parts of a service that a place may mean, the closest first. */
function elementsIn(
  { name: service, reactions, deadlines, begins }: ServiceEntry,
  named: string | undefined,
  same: (type: string | undefined) => boolean,
): readonly Element[] {
  const reaction = (is: (entry: ReactionEntry) => boolean) =>
    ({ kind: "reaction", service, index: reactions.findIndex(is) }) as const;
  const deadline = (is: (entry: DeadlineEntry) => boolean) =>
    ({ kind: "deadline", service, index: deadlines.findIndex(is) }) as const;
  return [
    reaction((entry) => reactionName(entry) === named),
    reaction((entry) => typesEmittedBy(entry).some(same)),
    deadline(({ emits }) => same(emits)),
    { kind: "begins", service, index: begins.findIndex(same) } as const,
    reaction(({ undoes }) => same(undoes)),
    reaction(({ hears }) => hears.some(same)),
    deadline(({ after, unless }) => [after, ...unless].some(same)),
  ].filter(({ index }) => index >= 0);
}

/** Identifies an element within its source. */
export function elementKey(element: Element): string {
  return JSON.stringify(element);
}
