/*
 * What the two plain interpreters keep of a saga: `reference.ts` of one deployment, and
 * `rolling-reference.ts` of two versions side by side. Messages and deadlines are their own.
 */

export type Mark = "done" | "undone" | "barred";

export interface PlainState {
  effects: Record<string, Mark>;
  once: Record<string, true>;
  runs: Record<string, number>;
  gathered: Record<string, true>;
  fired: Record<string, true>;
  blocked: Record<string, true>;
  came: Record<string, true>;
  ends: Record<string, true>;
  locks: Record<string, true>;
  pivoted: boolean;
  parked: boolean;
}

export function plainBeginning(): PlainState {
  return {
    effects: {},
    once: {},
    runs: {},
    gathered: {},
    fired: {},
    blocked: {},
    came: {},
    ends: {},
    locks: {},
    pivoted: false,
    parked: false,
  };
}

/** The state is two levels deep. */
export function plainCopy({ pivoted, parked, ...state }: PlainState): PlainState {
  return {
    effects: { ...state.effects },
    once: { ...state.once },
    runs: { ...state.runs },
    gathered: { ...state.gathered },
    fired: { ...state.fired },
    blocked: { ...state.blocked },
    came: { ...state.came },
    ends: { ...state.ends },
    locks: { ...state.locks },
    pivoted,
    parked,
  };
}

/** Says the same of states that differ in the order in which things happened. */
export function plainText(state: object): string {
  return Object.values(state).map(partText).join("\n");
}

function partText(part: unknown): string {
  if (typeof part !== "object" || part === null) return String(part);
  const items = Object.entries(part).filter(([, item]) => item !== 0);
  return items
    .map(([key, item]) => `${key}=${item}`)
    .sort()
    .join(" ");
}
