import type { Store } from "../ports/store.ts";

/** One database for one test. */
export interface StoreFixture<Native> {
  /** A store on it; each call makes another one, as another process would. */
  connect(): Promise<Store<Native>>;
  /** Writes a business row through the client's own transaction. */
  put(native: Native, key: string): Promise<void>;
  /** Whether a committed business row is there, read by other means than Odori. */
  has(key: string): Promise<boolean>;
  /**
   * Runs `work` in a transaction that the caller opens itself, and commits it unless `work`
   * rejects.
   */
  ownTransaction(work: (native: Native) => Promise<void>): Promise<void>;
  /** The clock that the store goes by. */
  readonly clock: TestClock;
  /** Whether transactions run side by side; otherwise one waits for the other. */
  readonly concurrent: boolean;
  close(): Promise<void>;
}

export interface StoreFactory<Native> {
  readonly name: string;
  make(): Promise<StoreFixture<Native>>;
}

export type StoreTest<Native> = (
  name: string,
  body: (fixture: StoreFixture<Native>, store: Store<Native>) => Promise<void>,
) => void;

/** A clock that stands still until a test puts it forward. */
export interface TestClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  advance(ms: number): Promise<void>;
}

/**
 * The clock of a store that lives on this machine. A store on a server goes by the server's clock:
 * its fixture has to take that in hand.
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

/** Opens a store as the process `owner` of the service `shop`. */
export async function openAs<Native>(
  store: Store<Native>,
  owner: string,
  clock: TestClock,
): Promise<void> {
  await store.open({ service: "shop", owner, leaseMs: 1_000, now: () => clock.now });
}
