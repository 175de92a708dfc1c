import type { Choreography } from "../../choreography/choreography.ts";
import type { Service } from "../../choreography/service.ts";
import { callSiteOf } from "../../contract/call-site.ts";
import type { EventContract } from "../../contract/event.ts";
import { versionsOf } from "../../contract/lineage.ts";
import type { Element } from "./element.ts";
import { type Locate, relativeFile, type SourcePlace } from "./places.ts";

type AnyService = Service<never, EventContract>;

/** Finds elements where code declared them. */
export function inCode(
  services: readonly AnyService[],
  choreography: Choreography<never> | undefined,
): Locate {
  const byName = new Map(services.map(({ name, declaration }) => [name, declaration]));
  const contracts = new Map(services.flatMap(contractsOf).map((one) => [one.type, one]));
  const declared = (element: Element): object | undefined => {
    switch (element.kind) {
      case "reaction":
        return byName.get(element.service)?.reactions[element.index];
      case "deadline":
        return byName.get(element.service)?.deadlines[element.index];
      case "begins":
        return byName.get(element.service)?.begins[element.index];
      case "event":
        return contracts.get(element.type);
      case "service": {
        const service = byName.get(element.service);
        return service?.reactions[0] ?? service?.deadlines[0] ?? service?.begins[0];
      }
      case "list":
      case "whole":
        return choreography ?? services[0]?.declaration.reactions[0];
    }
  };
  return (element) => {
    const part = declared(element);
    return part && siteOf(part);
  };
}

function siteOf(declared: object): SourcePlace | undefined {
  const site = callSiteOf(declared);
  const file = site && relativeFile(site.file);
  return file === undefined ? undefined : { ...site, file };
}

function contractsOf({ declaration }: AnyService): readonly EventContract[] {
  const { begins, reactions, deadlines } = declaration;
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
