import type { Bus, Store } from "odori";
import type { Tx } from "../../examples/order/database.ts";

export interface Parts {
  readonly store: Store<Tx>;
  readonly bus: Bus;
}

/** Deliberately broken runtimes, by name. The harness has to find something wrong with each. */
export const MUTANTS: Readonly<Record<string, (parts: Parts) => Parts>> = {};

/** The parts of the mutant with that name; the parts as they are for an empty name. */
export function broken(name: string, parts: Parts): Parts {
  if (name === "") return parts;
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new Error(`There is no mutant ${name}.`);
  return mutant(parts);
}
