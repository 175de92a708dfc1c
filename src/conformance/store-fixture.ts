import type { Joined, Store } from "../ports/store.ts";

/** One database for one test. */
export interface StoreFixture<Native> {
  /** Makes another store on the database, as another process would. The suite opens it. */
  connect(): Promise<Store<Native>>;
  /** Writes a business row through the client's own transaction. */
  put(native: Joined<Native>, key: string): Promise<void>;
  /** Whether a committed business row exists; must not read through the store. */
  has(key: string): Promise<boolean>;
  /** Runs `work` in a transaction that the fixture opens; commits unless `work` rejects. */
  ownTransaction(work: (native: Joined<Native>) => Promise<void>): Promise<void>;
  /** The clock that the store uses. */
  readonly clock: TestClock;
  /** Whether transactions run side by side; otherwise a second one waits for the first. */
  readonly concurrent: boolean;
  /** Closes every store, and deletes the database. */
  close(): Promise<void>;
}

/** Makes the databases of the tests of one adapter. */
export interface StoreFactory<Native> {
  /** The adapter's name, for the titles of the suites. */
  readonly name: string;
  /** Makes an empty database. */
  make(): Promise<StoreFixture<Native>>;
}

/** Registers a test; one that `needs` a promise of `OPTIONAL` is skipped where it is not made. */
export type StoreTest<Native> = (
  name: string,
  body: (fixture: StoreFixture<Native>, store: Store<Native>) => Promise<void>,
  needs?: "concurrent" | "backlog" | "busFault",
) => void;

/** A clock that stands still until a test advances it. */
export interface TestClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  advance(ms: number): Promise<void>;
}

/**
 * Makes the clock of a store on this machine, which gets it through `Session.now`. A store on a
 * server uses the server's clock, which its fixture must then control.
 *
 * @example
 * ```ts
 * import { localClock } from "odori/conformance";
 *
 * const clock = localClock();
 * await clock.advance(60_000);
 * ```
 */
export function localClock(): TestClock {
  let now = 1_750_000_000_000;
  return {
    get now() {
      return now;
    },
    async advance(ms) {
      now += ms;
    },
  };
}

const LEASE_MS = 1_000;
/** A look counts as a quarter of the lease at most, and the first one counts nothing. */
const LOOKS = 6;

/**
 * Lets time pass in which `observers` live and look at the others, and no other process says that
 * it lives: those are dead at the end.
 */
export async function outlive<Native>(
  clock: TestClock,
  ...observers: readonly Store<Native>[]
): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    for (const observer of observers) {
      await observer.beat();
      await observer.claim(0);
    }
    await clock.advance(LEASE_MS / 4);
  }
}

/** Opens a store as the process `owner` of the service `shop`. */
export async function openAs<Native>(
  store: Store<Native>,
  owner: string,
  clock: TestClock,
): Promise<void> {
  await store.open({ service: "shop", owner, leaseMs: LEASE_MS, now: () => clock.now });
}
