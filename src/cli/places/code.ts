import type { Choreography } from "../../choreography/choreography.ts";
import type { Service } from "../../choreography/service.ts";
import { type CallSite, callSiteOf } from "../../contract/call-site.ts";
import type { EventContract } from "../../contract/event.ts";
import { versionsOf } from "../../contract/lineage.ts";
import { type Element, elementKey } from "./element.ts";
import { type Locate, relativeFile } from "./places.ts";

type AnyService = Service<never, EventContract>;

/** The call sites of a module's declarations, by `elementKey`. A thread can send them. */
export type CallSites = ReadonlyMap<string, CallSite>;

/** Collects the call sites of what a module declares. */
export function callSitesOf(
  services: readonly AnyService[],
  choreography: Choreography<never> | undefined,
): CallSites {
  const sites = new Map<string, CallSite>();
  const add = (element: Element, declared: object | undefined) => {
    const site = declared && callSiteOf(declared);
    if (site !== undefined) sites.set(elementKey(element), site);
  };
  for (const { name: service, declaration } of services) {
    const { begins, reactions, deadlines } = declaration;
    add({ kind: "service", service }, [...reactions, ...deadlines, ...begins][0]);
    reactions.forEach((part, index) => void add({ kind: "reaction", service, index }, part));
    deadlines.forEach((part, index) => void add({ kind: "deadline", service, index }, part));
    begins.forEach((part, index) => void add({ kind: "begins", service, index }, part));
    for (const one of contractsUsed(declaration)) add({ kind: "event", type: one.type }, one);
  }
  const [first] = services.flatMap(({ declaration }) => declaration.reactions);
  add({ kind: "whole" }, choreography ?? first);
  return sites;
}

/** Finds elements where code declared them. The lists of a choreography are in its call. */
export function inCode(sites: CallSites): Locate {
  return (element) => {
    const key: Element = element.kind === "list" ? { kind: "whole" } : element;
    const site = sites.get(elementKey(key));
    const file = site && relativeFile(site.file);
    return file === undefined ? undefined : { ...site, file };
  };
}

function contractsUsed({
  begins,
  reactions,
  deadlines,
}: AnyService["declaration"]): readonly EventContract[] {
  return [
    ...reactions.flatMap(({ hears }) => hears),
    ...deadlines.flatMap(({ armedBy, unless, emits }) => [armedBy, ...unless, emits]),
    ...begins,
    ...reactions.flatMap(({ emits, fails, late, onParked }) => [
      ...emits.flat(),
      ...fails.flat(),
      ...(late?.emits.flat() ?? []),
      ...(onParked === undefined ? [] : [onParked.emits]),
    ]),
  ].flatMap(versionsOf);
}
