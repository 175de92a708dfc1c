import type { LintProblem, Subject } from "./rule.ts";

/** Finds services that wait for an event from outside, with no deadline to end the wait. */
export function waitingProblems({ manifest, graph }: Subject): readonly LintProblem[] {
  const outside = [
    ...manifest.arrives,
    ...manifest.external.filter((type) => !graph.emitters.has(type)),
  ];
  const guarded = new Set(
    [...manifest.services.values()].flatMap(({ deadlines }) =>
      deadlines.flatMap(({ unless }) => unless),
    ),
  );
  return [...new Set(outside)].flatMap((event) => {
    const waiting = graph.hearers.get(event)?.find(({ reaction }) => reaction !== undefined);
    if (waiting === undefined || guarded.has(event)) return [];
    const service = waiting.service.name;
    return [
      {
        code: "HANDLER_WITHOUT_DEADLINE",
        message: `${service} waits for ${event} from outside, and no deadline ends the wait`,
        at: { service, event },
      },
    ];
  });
}
