/** A process as a store sees it in one look. */
export interface SeenMember {
  readonly owner: string;
  /** Changes with each beat of the process. */
  readonly beat: number;
  /**
   * What its lock says.
   *
   * - `held`    it lives, or its machine has vanished without a word
   * - `free`    it has ended, or has lost its connection
   * - `unknown` it has none
   */
  readonly lock: "held" | "free" | "unknown";
}

/** For how long a member is watched before it counts as dead, in milliseconds. */
export interface Patience {
  /** Without a beat. */
  readonly silentMs: number;
  /** With a free lock that was held when it was seen before. */
  readonly freedMs: number;
  /** With a lock that was free from the first look on. */
  readonly freeMs: number;
}

interface Watched {
  readonly beat: number;
  readonly free: boolean;
  /** Whether its lock was seen held. */
  readonly held: boolean;
  /** For how long it has been like this, as far as it was watched. */
  readonly sinceMs: number;
}

/** Least number of looks before a member counts as dead. */
const LOOKS = 4;

/**
 * Tells which processes are dead, from one look to the next. The clock of another process is never
 * read: what counts is for how long this one has watched. Time in which it could not look, because
 * the database was away or the process itself stood still, counts as one look and no more.
 */
export class Roster {
  #watched: ReadonlyMap<string, Watched> = new Map();
  #lookedAt: number | undefined;

  /** Takes what was seen at `nowMs`, of any clock. Returns the members that are dead. */
  look(members: readonly SeenMember[], nowMs: number, patience: Patience): readonly SeenMember[] {
    // A clock may step back.
    const passedMs = Math.max(0, nowMs - (this.#lookedAt ?? nowMs));
    this.#lookedAt = nowMs;
    const watched = new Map<string, Watched>();
    const dead: SeenMember[] = [];
    for (const member of members) {
      const { owner, beat, lock } = member;
      const before = this.#watched.get(owner);
      const free = lock === "free";
      const held = lock === "held" || before?.held === true;
      const limitMs = limitOf(patience, free, held);
      const same = before?.beat === beat && before.free === free;
      const sinceMs = same ? before.sinceMs + Math.min(passedMs, limitMs / LOOKS) : 0;
      watched.set(owner, { beat, free, held, sinceMs });
      if (sinceMs >= limitMs) dead.push(member);
    }
    this.#watched = watched;
    return dead;
  }
}

function limitOf({ silentMs, freedMs, freeMs }: Patience, free: boolean, held: boolean): number {
  if (!free) return silentMs;
  return held ? freedMs : freeMs;
}
