import type { EventContract, FactOf } from "../contract/event.ts";

/**
 * One alternative of what a reaction emits: an event, several together, or none (`[]`).
 *
 * @example
 * ```ts
 * import type { Outcome } from "odori";
 * import { paymentAuthorized, stockReserved } from "./contracts.ts";
 *
 * const emits: readonly Outcome[] = [paymentAuthorized, [paymentAuthorized, stockReserved], []];
 * ```
 */
export type Outcome = EventContract | readonly EventContract[];

/** A value, now or later. */
export type MaybePromise<T> = T | Promise<T>;

type FactList<List extends readonly EventContract[]> = {
  readonly [K in keyof List]: FactOf<List[K]>;
};

/** The facts that make up one outcome, in the order in which it names them. */
type FactsOf<O> = O extends readonly []
  ? void | readonly []
  : O extends readonly EventContract[]
    ? FactList<O>
    : O extends EventContract
      ? FactOf<O>
      : never;

/**
 * The return type of a handler that declares `Emits` and `Fails`: exactly one of their outcomes.
 * Without a success outcome it may return nothing.
 */
export type Returned<
  Emits extends readonly Outcome[],
  Fails extends readonly Outcome[] = readonly [],
> = (Emits extends readonly [] ? void : FactsOf<Emits[number]>) | FactsOf<Fails[number]>;

/**
 * The first event of the first outcome, with which an undo without effect acknowledges. `never`
 * where there is none.
 */
export type FirstOf<Emits extends readonly Outcome[]> = Emits extends readonly [
  infer O,
  ...unknown[],
]
  ? O extends EventContract
    ? O
    : O extends readonly [infer E extends EventContract, ...unknown[]]
      ? E
      : never
  : never;

/** Returns an outcome as a list of contracts. */
export function contractsOf(outcome: Outcome): readonly EventContract[] {
  return typeof outcome === "function" ? [outcome] : outcome;
}
