/** How a field of a payload differs from that of another. */
export interface Difference {
  /** JSON pointer; "" for the whole payload. */
  readonly at: string;
  readonly kind: "added" | "removed" | "changed" | "hidden";
  /** As JSON: before, and after. Absent where there is none, and of `hidden`. */
  readonly before?: string;
  readonly after?: string;
}

/** A payload as the console tells it. */
interface Told {
  readonly text: string;
  readonly masked: readonly string[];
}

const DIFFERENCES_MAX = 200;

/**
 * What has changed between two payloads, by field, at most 200. A masked field may have changed or
 * not. Undefined where one of them is not JSON, or was cut.
 */
export function differences(before: Told, after: Told): readonly Difference[] | undefined {
  const [from, to] = [leavesOf(before.text), leavesOf(after.text)];
  if (from === undefined || to === undefined) return undefined;
  const hidden = new Set([...before.masked, ...after.masked]);
  return [...new Set([...from.keys(), ...to.keys()])]
    .flatMap((at): readonly Difference[] => {
      const [old, now] = [from.get(at), to.get(at)];
      if (hidden.has(at)) return [{ at, kind: "hidden" }];
      if (old === now) return [];
      if (old === undefined) return [{ at, kind: "added", after: now ?? "" }];
      if (now === undefined) return [{ at, kind: "removed", before: old }];
      return [{ at, kind: "changed", before: old, after: now }];
    })
    .slice(0, DIFFERENCES_MAX);
}

/** Fields without fields of their own, by JSON pointer. */
function leavesOf(text: string): ReadonlyMap<string, string> | undefined {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, at: string) => {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    for (const [name, own] of entries)
      visit(own, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    if (entries.length === 0) leaves.set(at, JSON.stringify(value));
  };
  try {
    visit(JSON.parse(text), "");
    return leaves;
  } catch {
    return undefined;
  }
}
