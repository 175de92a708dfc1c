import {
  type ClaimOptions,
  type KnownParts,
  NO_REACTION,
  SUSPECTS_TOGETHER,
} from "../ports/store.ts";

/** How much one `claim` takes. */
export interface ClaimLimits {
  readonly outbox: number;
  readonly deferred: number;
  /** The parts that the process has; undefined takes deliveries of all. */
  readonly known: KnownParts | undefined;
}

/** Fills in the defaults of `claim`. */
export function claimLimits(
  limit: number,
  { deferred = limit, known }: ClaimOptions = {},
): ClaimLimits {
  return { outbox: limit, deferred, known };
}

/** How many deliveries to take together, if one of them has this many claims behind it. */
export function togetherAtMost(claims: number, limit: number): number {
  if (claims === 0) return limit;
  return Math.min(limit, claims === 1 ? SUSPECTS_TOGETHER : 1);
}

/**
 * Writes `known` as JSON for a database: a list of `reaction`, where it reads each type, and of
 * `reaction`, a newline and a type. Null stands for all.
 */
export function knownList(known: KnownParts | undefined): string | null {
  if (known === undefined) return null;
  const written = LISTS.get(known) ?? writeList(known);
  LISTS.set(known, written);
  return written;
}

/** By what is known: a process asks with the same parts each time. */
const LISTS = new WeakMap<KnownParts, string>();

function writeList(known: KnownParts): string {
  const list = [...known].flatMap(([name, types]) =>
    types === "any" ? [name] : types.map((type) => `${name}\n${type}`),
  );
  return JSON.stringify([...list, NO_REACTION]);
}

/** Tells whether a process can handle a deferred delivery. */
export function canHandle(known: KnownParts | undefined, reaction: string, type: string): boolean {
  if (known === undefined || reaction === NO_REACTION) return true;
  const types = known.get(reaction);
  return types === "any" || types?.includes(type) === true;
}
