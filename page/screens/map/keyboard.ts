import type { MapNode } from "../../../src/console/wire.ts";

const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** How much further a box counts that lies beside the direction. */
const ASIDE = 2.5;

/** The box to which an arrow key leads: the nearest one in its direction. */
export function nextNode(
  nodes: readonly MapNode[],
  from: string | undefined,
  key: string,
): MapNode | undefined {
  const here = nodes.find(({ id }) => id === from);
  if (key === "Home") return nodes[0];
  if (key === "End") return nodes.at(-1);
  const direction = DIRECTIONS[key];
  if (direction === undefined || here === undefined) return undefined;
  const [dx, dy] = direction;
  let best: { readonly node: MapNode; readonly far: number } | undefined;
  for (const node of nodes) {
    const [x, y] = [node.x - here.x, node.y - here.y];
    const along = x * dx + y * dy;
    if (along <= 1) continue;
    const far = along + ASIDE * Math.abs(x * dy + y * dx);
    if (best === undefined || far < best.far) best = { node, far };
  }
  return best?.node;
}
