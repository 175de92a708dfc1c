import { isForeign } from "./names.ts";
import type { LintProblem, Subject } from "./rule.ts";

/**
 * Finds types whose topics collide on Kafka, which treats a dot and an underscore in the name of a
 * topic as the same: `order_item.placed.v1` and `order.item_placed.v1`.
 */
export function topicProblems({ manifest, graph }: Subject): readonly LintProblem[] {
  const known = new Map<string, string>();
  const problems: LintProblem[] = [];
  for (const event of graph.types) {
    // Others have given it a channel of their own.
    if (isForeign(manifest, event)) continue;
    const topic = event.replaceAll(".", "_");
    const other = known.get(topic);
    if (other === undefined) {
      known.set(topic, event);
      continue;
    }
    const service = graph.emitters.get(event)?.[0]?.service.name;
    problems.push({
      code: "TOPIC_COLLISION",
      message: `${event} and ${other} cannot both be topics of Kafka: their names collide`,
      at: { ...(service !== undefined && { service }), event },
    });
  }
  return problems;
}
