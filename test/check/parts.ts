import type { FindingCode } from "../../src/check/finding.ts";

/*
 * The parts of which the sound and the broken choreographies are made: manifests, as a user would
 * write them by hand.
 */

export interface Case {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Codes of errors, in alphabetical order: these and no others. */
  readonly codes: readonly FindingCode[];
  /**
   * Codes of warnings about behaviour, likewise.
   * @default []
   */
  readonly warnings?: readonly FindingCode[];
}

export type Raw = Readonly<Record<string, unknown>>;
export type Services = Readonly<Record<string, Raw>>;

export function manifest(services: Services, more: Raw = {}): Raw {
  return {
    odori: 1,
    name: "case",
    begins: ["order.placed.v1"],
    succeeds: ["order.completed.v1"],
    fails: ["order.cancelled.v1"],
    services,
    ...more,
  };
}

/** Begins the saga, completes it with `done`, and undoes its beginning on `undone`. */
export function order(
  done: readonly string[],
  undone: readonly string[],
  more: readonly Raw[] = [],
): Raw {
  const undo = { on: undone, undoes: "order.placed.v1", emits: ["order.cancelled.v1"] };
  return {
    begins: ["order.placed.v1"],
    reactions: [
      { on: done, emits: ["order.completed.v1"] },
      ...(undone.length > 0 ? [undo] : []),
      ...more,
    ],
  };
}

export const charge = {
  on: ["order.placed.v1"],
  emits: ["payment.charged.v1"],
  fails: ["payment.declined.v1"],
};
export const refund = {
  on: ["stock.sold_out.v1"],
  undoes: "payment.charged.v1",
  emits: ["payment.refunded.v1"],
};
export const reserve = {
  on: ["payment.charged.v1"],
  emits: ["stock.reserved.v1"],
  fails: ["stock.sold_out.v1"],
};
/** Payment and stock at the same time. */
export const reserveBeside = { ...reserve, on: ["order.placed.v1"] };

/** Another choreography with some of its services replaced, and other changes. */
export function change(base: Raw, services: Services, more: Raw = {}): Raw {
  const old = typeof base.services === "object" && base.services !== null ? base.services : {};
  return { ...base, services: { ...old, ...services }, ...more };
}
