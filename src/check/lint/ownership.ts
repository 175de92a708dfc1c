import {
  type ManifestOutcome,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../../manifest/manifest.ts";
import type { LintProblem, Subject } from "./rule.ts";

/** In a longer outcome, pairs are not looked at: their number grows with its square. */
const TOGETHER_MAX = 50;
/** This many event types are never too many. */
const TYPES_FEW = 8;

/** Finds events in the domain of another service, too many event types, and inseparable pairs. */
export function ownershipProblems({ manifest, limits, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  for (const service of manifest.services.values()) {
    const types = typesOf(service);
    const own = ownDomain(service.name, types);
    for (const event of types.filter((type) => domainOf(type) !== own)) {
      const message = `${service.name} emits ${event}, in the domain of ${domainOf(event)}`;
      problems.push({ code: "FOREIGN_EMIT", message, at: { service: service.name, event } });
    }
    const hearing = service.begins.length + service.reactions.length + service.deadlines.length;
    if (types.length > TYPES_FEW && types.length > hearing * limits.typesPerReactionMax) {
      const sources = `a total of ${hearing} beginnings, reactions and deadlines`;
      const message = `${service.name} emits ${types.length} event types from ${sources}`;
      problems.push({ code: "PROLIFERATION", message, at: { service: service.name } });
    }
    for (const [first, second] of inseparable(service)) {
      const heardAlike = hearersOf(graph, first) === hearersOf(graph, second);
      if (!heardAlike) continue;
      const message = `${first} and ${second} are always emitted together, to the same services`;
      problems.push({
        code: "PROLIFERATION",
        message,
        at: { service: service.name, event: second },
      });
    }
  }
  return problems;
}

function typesOf({ begins, reactions, deadlines }: ServiceEntry): readonly string[] {
  return [
    ...new Set([
      ...begins,
      ...reactions.flatMap(typesEmittedBy),
      ...deadlines.flatMap(typesEmittedAt),
    ]),
  ];
}

function domainOf(type: string): string {
  return type.split(".")[0] ?? type;
}

/** Returns the domain with the name of the service; else the one with most of its events. */
function ownDomain(name: string, types: readonly string[]): string {
  const bare = (text: string) => text.replace(/_?(service|svc)$/, "").replace(/s$/, "");
  const counts = new Map<string, number>();
  for (const type of types) counts.set(domainOf(type), (counts.get(domainOf(type)) ?? 0) + 1);
  const named = [...counts.keys()].find((domain) => bare(domain) === bare(name));
  return named ?? [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? name;
}

/** Returns the pairs of events that no outcome emits separately. */
function inseparable(service: ServiceEntry): readonly (readonly [string, string])[] {
  const outcomes: readonly ManifestOutcome[] = service.reactions.flatMap(
    ({ emits, fails, late, onParked }) => [
      ...emits,
      ...fails,
      ...late,
      ...(onParked === undefined ? [] : [[onParked]]),
    ],
  );
  const alone = new Set([...service.begins, ...service.deadlines.flatMap(typesEmittedAt)]);
  const pairs = new Map(
    outcomes
      .filter(({ length }) => length <= TOGETHER_MAX)
      .flatMap((outcome) =>
        outcome.flatMap((a) =>
          outcome.filter((b) => a < b).map((b) => [`${a} ${b}`, [a, b] as const] as const),
        ),
      ),
  );
  return [...pairs.values()].filter(
    ([a, b]) =>
      !alone.has(a) &&
      !alone.has(b) &&
      outcomes.every((outcome) => outcome.includes(a) === outcome.includes(b)),
  );
}

function hearersOf(graph: Subject["graph"], type: string): string {
  return [...new Set(graph.hearers.get(type)?.map(({ service }) => service.name))].sort().join(" ");
}
