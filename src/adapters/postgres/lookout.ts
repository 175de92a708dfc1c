import { Roster, type SeenMember } from "../../adapter/roster.ts";
import type { SqlRow } from "./native.ts";
import type { Presence } from "./presence.ts";

/** Another process, as `membersSeen` lists it. */
interface MemberRow {
  readonly owner: string;
  readonly beat: number;
  readonly lock: SeenMember["lock"];
  readonly leaseMs: number;
  /** Whether the server has started since the process took its lock. */
  readonly restarted: boolean;
}

/** What one look at other processes has found. */
interface Sighting {
  /** Those that are dead, and are not known to be. */
  readonly dead: readonly SeenMember[];
  /** Whether the lock of one is free: it may have died. */
  readonly freed: boolean;
}

/**
 * How long a lock may be free before its process is dead, in milliseconds: the other one may have
 * lost its connection alone, and takes ten round trips for the next. With `freed` this process has
 * kept its own meanwhile, so the server and the network are in order. With `free` it has just
 * started, and cannot tell.
 */
const PATIENCE = { freedMs: 2_000, freeMs: 5_000 };

/** Finds out which other processes are dead, from one look to the next. */
export class Lookout {
  readonly #roster = new Roster();
  #presence: Presence | undefined;
  #connections = 0;

  /**
   * Takes the row of a statement: `now`, and a JSON list of `members`. `presence` is that of this
   * process.
   */
  look(row: SqlRow | undefined, silentMs: number, presence: Presence): Sighting {
    const { connections, isConnected } = presence;
    // After a break of the connection the others may have to connect again as well. The first one
    // is that of the start.
    const broke =
      this.#presence === undefined ? connections > 1 : this.#connections !== connections;
    const doubts = !isConnected || broke || (this.#presence ?? presence) !== presence;
    this.#presence = presence;
    this.#connections = connections;
    const others: readonly MemberRow[] = JSON.parse(String(row?.members ?? "[]"));
    const freedMs = Math.min(PATIENCE.freedMs, silentMs);
    const freeMs = Math.min(PATIENCE.freeMs, silentMs);
    const seen = others.map(({ restarted, ...member }) => ({
      ...member,
      lock: restarted ? ("unknown" as const) : member.lock,
    }));
    const dead = this.#roster.look(seen, Number(row?.now), { silentMs, freedMs, freeMs }, doubts);
    return { dead, freed: others.some(({ lock }) => lock === "free") };
  }
}
