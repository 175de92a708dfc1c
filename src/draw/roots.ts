import type { FlowGraph } from "../manifest/graph.ts";
import { type Manifest, typesEmittedBy } from "../manifest/manifest.ts";

/**
 * Returns the beginnings, then what no service of the picture emits. In a loop, and in a picture of
 * some services, nothing may begin: then also one event of each part that is left.
 */
export function treeRoots({ begins, arrives }: Manifest, graph: FlowGraph): readonly string[] {
  const heard = [...graph.hearers.keys()];
  const outside = heard.filter((type) => !graph.emitters.has(type));
  const roots = new Set([...begins, ...arrives, ...outside]);
  const reached = new Set<string>();
  const reach = (root: string) => {
    const open = [root];
    for (let type = open.pop(); type !== undefined; type = open.pop()) {
      if (reached.has(type)) continue;
      reached.add(type);
      for (const { reaction, deadline } of graph.hearers.get(type) ?? []) {
        if (reaction !== undefined) open.push(...typesEmittedBy(reaction));
        if (deadline?.after === type) open.push(deadline.emits);
      }
    }
  };
  for (const root of roots) reach(root);
  for (const type of [...heard, ...graph.emitters.keys()]) {
    if (!reached.has(type)) roots.add(type);
    reach(type);
  }
  return [...roots];
}
