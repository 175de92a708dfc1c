import type { Millis } from "./common.ts";

/** What a console may do besides reading, and whether it shows payloads. */
export type Permission = "retry" | "discard" | "payloads";

/** What the page asks first. */
export interface About {
  /** Of Odori. */
  readonly version: string;
  /** The server's clock. */
  readonly now: Millis;
  readonly allowed: readonly Permission[];
  /** Absent: no service has declared anything, and no choreography was named. */
  readonly choreography?: ChoreographyAbout;
  readonly services: readonly string[];
  /** Whether the services run beside the console, as in `odori dev`, and can be played with. */
  readonly dev: boolean;
}

export interface ChoreographyAbout {
  readonly name: string;
  readonly begins: readonly string[];
  /**
   * Whether it says how sagas end. If not, no saga is `stuck`, `succeeded` or `undone`: the console
   * was started without its module, and knows only what services have declared in their stores.
   */
  readonly endsKnown: boolean;
}

/** The token out of the page's address. */
export interface Session {
  readonly token: string;
}
