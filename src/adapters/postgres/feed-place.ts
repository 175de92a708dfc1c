import { OdoriError } from "../../contract/errors.ts";

/*
 * Places in the feed are numbers of a sequence, and transactions do not commit in their order: a
 * number that is missing may still come. Each transaction of the runtime draws its id before any
 * number (`statements.lock`). So after a gap was seen, an id that the reader draws itself is above
 * the ids of all who can fill it. Once no transaction below it is running, in the snapshot of a
 * later page, the gap stays empty.
 *
 * The upper end of the page's own snapshot would not do: it lies above the transactions that have
 * ended, and not above those that are running.
 */

/** Numbers that are missing, and the transaction id above which none can fill them. */
interface Gap {
  readonly from: bigint;
  readonly to: bigint;
  /** Undefined until it is drawn. */
  readonly below: bigint | undefined;
}

/** How far a reader has read. */
export interface FeedPlace {
  readonly seq: bigint;
  readonly gaps: readonly Gap[];
}

/** Most gaps that are kept; the reader waits before it goes behind more. */
const GAPS_MAX = 10_000;
const START: FeedPlace = { seq: 0n, gaps: [] };

/** Where a page has led. */
interface Advanced {
  readonly place: FeedPlace;
  /** The last number that is behind the reader; rows above it come again. */
  readonly upTo: bigint;
}

/**
 * Goes on behind a page.
 *
 * @param seqs the numbers of its rows, in order
 * @param full whether the page has as many rows as it may have: there may be more behind them
 * @param running the id of the oldest transaction that was running
 */
export function advance(
  { seq, gaps }: FeedPlace,
  seqs: readonly bigint[],
  full: boolean,
  running: bigint,
): Advanced {
  const end = full ? (seqs.at(-1) ?? seq) : undefined;
  const left = without(gaps, seqs).filter(
    ({ to, below }) => below === undefined || running < below || (end !== undefined && to > end),
  );
  let last = seq;
  for (const next of seqs) {
    if (next <= last) continue;
    if (next > last + 1n) {
      if (left.length >= GAPS_MAX) break;
      left.push({ from: last + 1n, to: next - 1n, below: undefined });
    }
    last = next;
  }
  return { place: { seq: last, gaps: left }, upTo: last };
}

/** Takes numbers, in order, out of gaps. */
function without(gaps: readonly Gap[], seqs: readonly bigint[]): Gap[] {
  return gaps.flatMap(({ from, to, below }) => {
    const parts: Gap[] = [];
    let first = from;
    for (const seq of seqs) {
      if (seq < first || seq > to) continue;
      if (seq > first) parts.push({ from: first, to: seq - 1n, below });
      first = seq + 1n;
    }
    if (first <= to) parts.push({ from: first, to, below });
    return parts;
  });
}

/** Says of the gaps that a page has found above which transaction none can fill them. */
export function bounded({ seq, gaps }: FeedPlace, drawn: bigint): FeedPlace {
  return { seq, gaps: gaps.map((gap) => ({ ...gap, below: gap.below ?? drawn })) };
}

/** Whether a place has a gap that needs a transaction id. */
export function isUnbounded({ gaps }: FeedPlace): boolean {
  return gaps.some(({ below }) => below === undefined);
}

/** Writes a place as text: its number, and each gap as `from-to<id`. */
export function cursorOf({ seq, gaps }: FeedPlace): string {
  return [`${seq}`, ...gaps.map(({ from, to, below }) => `${from}-${to}<${below}`)].join(" ");
}

const GAP = /^(\d{1,19})-(\d{1,19})<(\d{1,20})$/;

/** Reads a cursor. Throws `OPTION_INVALID`. */
export function feedPlaceIn(cursor: string | undefined): FeedPlace {
  if (cursor === undefined) return START;
  const [seq = "", ...gaps] = cursor.split(" ");
  const read = gaps.map((text): Gap | undefined => {
    const [, from, to, below] = GAP.exec(text) ?? [];
    if (from === undefined || to === undefined || below === undefined) return undefined;
    return { from: BigInt(from), to: BigInt(to), below: BigInt(below) };
  });
  const known = read.filter((gap) => gap !== undefined);
  if (/^\d{1,19}$/.test(seq) && known.length === read.length)
    return { seq: BigInt(seq), gaps: known };
  throw new OdoriError("OPTION_INVALID", "This is not a cursor of a feed.", {
    hint: "Pass the cursor of the page before, as it was returned.",
  });
}
