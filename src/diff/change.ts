/** Names a consumer that a change breaks, with the reasons. */
export interface Concerned {
  readonly service: string;
  readonly reasons: readonly string[];
}

/** Describes one difference between two versions of a choreography. */
export interface Change {
  /**
   * `UNVERSIONED_CHANGE` if it breaks a known consumer, `IN_FLIGHT` if it concerns sagas that are
   * under way. It is breaking if they would lose state in the database of their service.
   */
  readonly code: "UNVERSIONED_CHANGE" | "IN_FLIGHT" | "COMPATIBLE_CHANGE";
  readonly breaking: boolean;
  readonly kind:
    | "event added"
    | "event removed"
    | "schema changed"
    | "service added"
    | "service removed"
    | "reactions changed"
    | "state lost"
    | "state kept"
    | "ends changed";
  readonly event?: string;
  readonly service?: string;
  readonly message: string;
  /** The consumers that it breaks. */
  readonly consumers: readonly Concerned[];
}

/** Holds the result of `diffManifests`. */
export interface Difference {
  /** True if no known consumer breaks, and no saga in flight loses state. */
  readonly compatible: boolean;
  readonly changes: readonly Change[];
}
