import type { Disposition } from "../../src/ports/journal.ts";
import { type PlainState, plainCopy, plainText } from "./plain-state.ts";

export interface ReferenceState extends PlainState {
  /** Message and hearer to how many are under way: `["payment", 0, "order.placed.v1"]`. */
  pending: Record<string, number>;
  /** What was delivered, and may come again, where no inbox recognises it. */
  again: Record<string, number>;
  deadlines: Record<string, "armed" | "over">;
  /** What the last step heard and emitted. No part of the state. */
  last: Said;
}

export interface Said {
  readonly service: string | null;
  readonly hears: string | null;
  readonly emits: string[];
  /** The place of the reaction in its service; of a deadline, `d` and its place. */
  readonly place: number | string | null;
  /** What the journal of the runtime calls it. */
  did: Disposition;
  effect: string | undefined;
}

export function textOf({ last: _, ...state }: ReferenceState): string {
  return plainText(state);
}

export function said(
  state: ReferenceState,
  service: string | null,
  hears: string | null,
  place: number | string | null = null,
): ReferenceState {
  const last: Said = { service, hears, place, emits: [], did: "suppressed", effect: undefined };
  return { ...copyOf(state), last };
}

export function copyOf(state: ReferenceState): ReferenceState {
  return {
    ...state,
    ...plainCopy(state),
    pending: { ...state.pending },
    again: { ...state.again },
    deadlines: { ...state.deadlines },
    last: { ...state.last, emits: [...state.last.emits] },
  };
}

export function did(state: ReferenceState, what: Disposition, effect?: string): ReferenceState {
  state.last.did = what;
  state.last.effect = effect;
  return state;
}
