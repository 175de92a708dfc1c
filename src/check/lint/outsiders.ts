import type { FlowGraph } from "../../manifest/graph.ts";
import { AREAS, type Area, areaOf } from "./areas.ts";
import { nameParts } from "./name-parts.ts";
import type { LintProblem, Subject } from "./rule.ts";

/**
 * Finds facts of one service that another one tells in its own domain: `order.stock_checked`. A
 * reaction to what the owner said may pass it on, and a deadline may say that it has not come.
 */
export function outsiderProblems({ graph }: Subject): readonly LintProblem[] {
  const domains = new Set([
    ...graph.types.map(domainOf),
    ...[...graph.emitters.values(), ...graph.hearers.values()].flatMap((list) =>
      list.map(({ service }) => service.name),
    ),
  ]);
  return graph.types.flatMap((event) => {
    const { domain, words } = nameParts(event);
    const owner = AREAS.find(
      (area) =>
        !area.domains.has(domain) &&
        words.some((word) => area.things.has(word)) &&
        words.some((word) => area.facts.has(word)) &&
        [...domains].some((other) => area.domains.has(other)),
    );
    if (owner === undefined || wasTold(graph, event, owner)) return [];
    const service = graph.emitters.get(event)?.[0]?.service.name;
    return [
      {
        code: "OUTSIDER",
        message: `${event} tells what only ${named(owner, domains)} can know`,
        at: { ...(service !== undefined && { service }), event },
      },
    ];
  });
}

function wasTold(graph: FlowGraph, event: string, owner: Area): boolean {
  const emitters = graph.emitters.get(event) ?? [];
  return emitters.some(
    ({ reaction, deadline }) =>
      deadline !== undefined ||
      reaction?.hears.some((heard) => areaOf(domainOf(heard)) === owner) === true,
  );
}

function named({ domains }: Area, known: ReadonlySet<string>): string {
  return [...known].find((domain) => domains.has(domain)) ?? "another service";
}

function domainOf(type: string): string {
  return type.split(".")[0] ?? type;
}
