/**
 * Finds the strongly connected components of a graph (Tarjan). `edges` lists the targets of each
 * node. Returns the component of each node, and the number of components. An edge never leads to a
 * component with a higher number. Without recursion: a choreography may be a chain of 10,000.
 */
export function componentsOf(edges: readonly (readonly number[])[]): {
  readonly of: Int32Array;
  readonly count: number;
} {
  const size = edges.length;
  const of = new Int32Array(size).fill(-1);
  const order = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const next = new Int32Array(size);
  const open: number[] = [];
  const path: number[] = [];
  let seen = 0;
  let count = 0;
  for (let root = 0; root < size; root++) {
    if (order[root] !== -1) continue;
    path.push(root);
    while (path.length > 0) {
      const node = path.at(-1) ?? 0;
      if (order[node] === -1) {
        order[node] = low[node] = seen++;
        open.push(node);
      }
      const targets = edges[node] ?? [];
      const place = next[node] ?? 0;
      const target = targets[place];
      if (target !== undefined) {
        next[node] = place + 1;
        if (order[target] === -1) path.push(target);
        else if (of[target] === -1) low[node] = Math.min(low[node] ?? 0, order[target] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
      if (low[node] !== order[node]) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        of[member] = count;
        if (member === node) break;
      }
      count++;
    }
  }
  return { of, count };
}
