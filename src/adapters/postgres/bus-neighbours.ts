import pg from "pg";

/** A member that may have events before they are inserted. */
export interface Neighbour {
  readonly group: string;
  /** Takes as many of the events as it has room for; undefined if that is none. */
  hold(type: string, bodies: readonly string[]): Hold | undefined;
  /** Delivers what was held, once it is inserted as the rows `seqs`. */
  handOver(hold: Hold, seqs: readonly number[]): void;
  /** What was held is not inserted, or that is not sure. */
  letGo(hold: Hold, isSure: boolean): void;
}

/** The members in this process, by the place of their bus. */
const NEIGHBOURS = new Map<string, Set<Neighbour>>();

/** Events of one type that a member will get with their rows, if they are inserted. */
export interface Hold {
  readonly member: Neighbour;
  /** Under which id it holds the rows. */
  readonly owner: string;
  readonly group: string;
  readonly type: string;
  /** The texts of the first of that type, in the order in which they are inserted. */
  readonly bodies: readonly string[];
}

/** What names a bus: two that differ in anything are not the same, even if they are. */
export function neighbourhoodOf(pool: pg.Pool, schema: string): string {
  const { host, port, database, user } = new pg.Client(pool.options);
  return JSON.stringify([host, port, database, user, schema]);
}

export function moveIn(place: string, member: Neighbour): void {
  const members = NEIGHBOURS.get(place) ?? new Set();
  NEIGHBOURS.set(place, members.add(member));
}

export function moveOut(place: string, member: Neighbour): void {
  const members = NEIGHBOURS.get(place);
  members?.delete(member);
  if (members?.size === 0) NEIGHBOURS.delete(place);
}

/** A row to be inserted for each group that hears the type. */
export interface NewRow {
  readonly type: string;
  /** An event, or a batch. */
  readonly body: string;
}

/**
 * Finds members for events, as far as they have room: at most one of each group, and another one
 * the next time.
 */
export function holdsOf(place: string, rows: readonly NewRow[]): readonly Hold[] {
  const members = NEIGHBOURS.get(place);
  if (members === undefined) return [];
  const holds: Hold[] = [];
  for (const [type, all] of Map.groupBy(rows, (row) => row.type)) {
    const bodies = all.map(({ body }) => body);
    const groups = new Set<string>();
    for (const member of [...members]) {
      if (groups.has(member.group)) continue;
      const hold = member.hold(type, bodies);
      if (hold === undefined) continue;
      groups.add(member.group);
      members.delete(member);
      members.add(member);
      holds.push(hold);
    }
  }
  return holds;
}
