import { InvalidArgumentError } from "commander";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Deferred, DeferredState } from "../ports/deferred.ts";
import type { Found } from "./data.ts";
import { warn } from "./output.ts";

/** A deferred delivery of a service. Its id is `payment/3`. */
export type ParkedRow = Deferred & { readonly service: string };

const ROWS_MAX = 100_000;

/** Reads deferred deliveries of every service, at most 100,000 of each; says if there are more. */
export async function deferredRows(
  found: readonly Found[],
  states: readonly DeferredState[],
): Promise<readonly ParkedRow[]> {
  const rows = found.map(async ({ service, store }) => {
    const all = await store.inspect.deferred(states, ROWS_MAX);
    if (all.length === ROWS_MAX)
      warn(`Only the first ${ROWS_MAX} deliveries of ${service} are read.`);
    return all.map((row) => ({ service, ...row }));
  });
  return (await Promise.all(rows)).flat();
}

/** Finds the delivery that an id names; throws `USAGE`. */
export function deliveryOf(found: readonly Found[], id: string): Found & { readonly seq: number } {
  const [service = "", seq = ""] = id.split("/");
  const one = found.find((candidate) => candidate.service === service);
  if (one === undefined || !/^\d{1,15}$/.test(seq)) {
    throw new OdoriError("USAGE", `${quote(id)} is not a delivery of these services.`, {
      hint: "Copy the id from `odori parked list`, such as payment/3.",
    });
  }
  return { ...one, seq: Number(seq) };
}

export function rowId({ service, seq }: ParkedRow): string {
  return `${service}/${seq}`;
}

/** Reads a number of deliveries a second. */
export function perSecond(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 10_000) return rate;
  throw new InvalidArgumentError("Give a number from above 0 to 10000.");
}
