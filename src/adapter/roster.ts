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
  /** For how long it may be silent by its own settings, in milliseconds. */
  readonly leaseMs: number;
}

/** For how long a member is watched before it counts as dead, in milliseconds. */
export interface Patience {
  /** Without a beat; the member's own `leaseMs` where that is longer. */
  readonly silentMs: number;
  /** With a free lock that was held when it was seen before. */
  readonly freedMs: number;
  /** With a lock that was free from the first look on. */
  readonly freeMs: number;
}

interface WatchedMember {
  readonly beat: number;
  /** For how long it has not beaten, as far as it was watched. */
  readonly silentMs: number;
  /** Whether its lock was seen held. */
  readonly held: boolean;
  /** Whether its lock says nothing, until it has beaten again. */
  readonly doubted: boolean;
  /** For how long its lock has been free; undefined if it is not. */
  readonly freeMs: number | undefined;
}

/** Least number of looks before a member counts as dead. */
const LOOKS = 4;
const NONE_WATCHED: ReadonlyMap<string, WatchedMember> = new Map();

/**
 * Tells which processes are dead, from one look to the next. The clock of another process is never
 * read: what counts is for how long this one has watched. Time in which it could not look, because
 * the database was away or the process itself stood still, counts as one look and no more.
 */
export class Roster {
  #watched = NONE_WATCHED;
  #lookedAt: number | undefined;

  /**
   * Takes what was seen at `nowMs`, of any clock. Returns the members that are dead.
   *
   * `doubtsLocks`: the locks of others may have ended for the same reason as this process's own,
   * and the server may not yet have freed one that has. A lock then says nothing until its member
   * has beaten, and so has connected again.
   */
  look(
    members: readonly SeenMember[],
    nowMs: number,
    patience: Patience,
    doubtsLocks = false,
  ): readonly SeenMember[] {
    // A clock may step back.
    const passedMs = Math.max(0, nowMs - (this.#lookedAt ?? nowMs));
    this.#lookedAt = nowMs;
    if (members.length === 0) {
      this.#watched = NONE_WATCHED;
      return members;
    }
    const watched = new Map<string, WatchedMember>();
    const dead: SeenMember[] = [];
    for (const member of members) {
      const { owner, beat, lock, leaseMs } = member;
      const before = this.#watched.get(owner);
      const doubted = doubtsLocks || (before?.doubted === true && before.beat === beat);
      const held = !doubted && (lock === "held" || before?.held === true);
      const silentLimitMs = Math.max(patience.silentMs, leaseMs);
      const freeLimitMs = held ? patience.freedMs : patience.freeMs;
      const step = (limitMs: number) => Math.min(passedMs, limitMs / LOOKS);
      const silentMs = before?.beat === beat ? before.silentMs + step(silentLimitMs) : 0;
      // Who beats has its lock at that moment.
      const wasFreeMs = before?.beat === beat ? before.freeMs : undefined;
      const freeMs = wasFreeMs === undefined ? 0 : wasFreeMs + step(freeLimitMs);
      const free = lock === "free" && !doubted;
      watched.set(owner, { beat, silentMs, held, doubted, freeMs: free ? freeMs : undefined });
      if (silentMs >= silentLimitMs || (free && freeMs >= freeLimitMs)) dead.push(member);
    }
    this.#watched = watched;
    return dead;
  }
}
