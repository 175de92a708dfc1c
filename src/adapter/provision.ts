/** What one service emits and hears: lists of event types. */
export interface ServicePart {
  readonly service: string;
  readonly emits: readonly string[];
  readonly hears: readonly string[];
}

/** One thing that a broker needs before the services start. */
export interface Provision {
  /** What it is, in one or two words: `stream`. */
  readonly kind: string;
  readonly name: string;
  /** Whom it serves, or what it keeps, as a phrase. */
  readonly detail: string;
}

/** All types of the parts, each once. */
export function typesOfParts(parts: readonly ServicePart[]): readonly string[] {
  return [...new Set(parts.flatMap(({ emits, hears }) => [...emits, ...hears]))].sort();
}
