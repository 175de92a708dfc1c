import type { Stock } from "./stock.ts";

/** How many sagas a round begins, in each way. */
export interface Size {
  readonly sagas: number;
  readonly bulkSagas: number;
  readonly latencySagas: number;
  readonly pacedSeconds: number;
}

/** A p99 of 500 a second needs this long not to be chance. */
const PACED_SECONDS = 30;
const ARTICLES = 20;

/** How a run is made smaller. */
export interface Smaller {
  readonly quick: boolean;
  /** Sagas of every contestant: for a look at whether all of them run. */
  readonly sagas: number | undefined;
}

export function sizeOf(
  entry: { readonly sagas: number; readonly bulkSagas: number; readonly contended: boolean },
  { quick, sagas }: Smaller,
): Size {
  if (sagas !== undefined)
    return { sagas, bulkSagas: sagas, latencySagas: entry.contended ? 0 : 20, pacedSeconds: 0 };
  const share = quick ? 5 : 1;
  return {
    sagas: Math.ceil(entry.sagas / share),
    bulkSagas: Math.ceil(entry.bulkSagas / share),
    latencySagas: entry.contended ? 0 : quick ? 50 : 300,
    pacedSeconds: quick || entry.contended ? 0 : PACED_SECONDS,
  };
}

/** Sagas that are begun before anything is measured. */
export function warmUpOf(bulkSagas: number): number {
  return Math.min(500, Math.ceil(bulkSagas / 4));
}

/** Pieces for nine orders of ten: the last ones find nothing, and must be told so. */
export function stockFor({ sagas, bulkSagas }: Size): Stock {
  const orders = warmUpOf(bulkSagas) + bulkSagas + sagas;
  return { articles: ARTICLES, pieces: Math.floor((orders * 0.9) / ARTICLES) };
}
