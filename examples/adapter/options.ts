/** Options of `sqliteBus`. */
export interface SqliteBusOptions {
  /**
   * How often a member looks for new events, in milliseconds.
   *
   * @default 20
   */
  readonly pollMs?: number;
  /**
   * A member that is silent for this long loses its deliveries to other members, in milliseconds.
   *
   * @default 5000
   */
  readonly leaseMs?: number;
}

/** `SqliteBusOptions` with the defaults filled in. */
export type SqliteBusSettings = Required<SqliteBusOptions>;

export function settingsOf({ pollMs = 20, leaseMs = 5_000 }: SqliteBusOptions): SqliteBusSettings {
  return { pollMs, leaseMs };
}
