import { systemEnvironment } from "odori";
import type { HandlerScope, Together } from "../../src/ports/transaction.ts";

const LIMIT_MS = 1;
const receipt = {
  reaction: "r",
  source: "/s",
  id: "1",
  type: "t",
  gathers: false,
  seeks: [],
  deferred: undefined,
};
const received = {
  status: "fresh",
  born: 0,
  marks: new Map(),
  gathered: [],
  found: false,
} as const;

/** What a scope of a fake server is to say, and what became of it. */
interface Seat {
  readonly touched: boolean;
  readonly contended: boolean;
  /** Whether its statement has no reply: as long as it is not, where absent. */
  readonly unanswered?: boolean;
  detached: boolean;
}

/** Scopes as a server leaves them: each handler takes the next seat. */
export function seated(seats: readonly Seat[]): Together<string> {
  let made = 0;
  return {
    culprits: new Set(),
    scope(): HandlerScope<string> {
      const seat = seats[made++] ?? { touched: false, contended: false, detached: false };
      const tx = {
        native: "",
        contended: false,
        returned() {},
        complete: () => Promise.reject(new Error("it is not completed here")),
        abandon: async () => {},
      };
      return {
        native: "",
        touched: seat.touched,
        flights: seat.touched ? 1 : 0,
        contended: seat.contended,
        unanswered: seat.unanswered ?? seat.touched,
        returned() {},
        keep() {},
        undo() {},
        detach() {
          seat.detached = true;
          return tx;
        },
      };
    },
    keep() {},
    async interrupt() {},
    async undo() {},
  };
}

/** A handler of that saga, which ends at once or never. */
export function readyFor(sagaId: string, ends: boolean) {
  return {
    received,
    task: {
      receipt: { ...receipt, sagaId },
      fields: {},
      completion: { done() {}, failed() {} },
      run: () => (ends ? undefined : new Promise<void>(() => {})),
    },
  };
}

export const limits = { environment: systemEnvironment, limitMs: LIMIT_MS };
