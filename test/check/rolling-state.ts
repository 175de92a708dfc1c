import { type PlainState, plainBeginning, plainCopy } from "./plain-state.ts";

export type Phase = "old" | "both" | "new" | "back";

export interface State extends PlainState {
  phase: Phase;
  /** Messages in the queue of the deployed service, by type. */
  queue: Record<string, number>;
  /** Deliveries under way: `["payment", "order.placed/0", "order.placed.v1"]`. */
  rows: Record<string, number>;
  /** Deliveries that may come once more, and to which version: what has the rest of the message. */
  again: Record<string, true>;
  repeats: Record<string, number>;
  /** Idle ones are missing. An armed one has the event that armed it. */
  deadlines: Record<string, string>;
  passed: Record<string, true>;
}

export function beginningIn(phase: Phase): State {
  return {
    phase,
    queue: {},
    rows: {},
    again: {},
    repeats: {},
    deadlines: {},
    passed: {},
    ...plainBeginning(),
  };
}

export function copyOf(state: State): State {
  return {
    ...state,
    ...plainCopy(state),
    queue: { ...state.queue },
    rows: { ...state.rows },
    again: { ...state.again },
    repeats: { ...state.repeats },
    deadlines: { ...state.deadlines },
    passed: { ...state.passed },
  };
}
