import type { Writes } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { VirtualClock } from "../virtual/clock.ts";
import type { Book } from "./book.ts";
import type { Decisions } from "./decisions.ts";
import type { Faults } from "./faults.ts";
import type { SimulationFinding } from "./findings.ts";
import type { Outside } from "./outside.ts";
import type { Process } from "./process.ts";
import type { SimulatedBus } from "./simulated-bus.ts";
import type { Stage } from "./stage.ts";

/** What the parts of a run have in common. */
export interface RunParts<Native> {
  readonly stage: Stage<Native>;
  readonly clock: VirtualClock;
  readonly decisions: Decisions;
  readonly faults: Faults;
  readonly post: SimulatedBus;
  readonly book: Book;
  readonly outside: Outside;
  /** Ends the run. `cause` is what was thrown. */
  fail(finding: SimulationFinding, cause?: unknown): void;
  /** Takes a rejection that no code handles, of a handler of a service, or of `given`. */
  rejected(reason: unknown, service?: string): void;
  /** The line at which a process waits, in a run that explains. */
  waitsAt(process: Process<Native>): string | undefined;
  /** Takes what the runtime of a process logs. */
  logged(process: Process<Native>, fields: LogFields): void;
  /** Notes what no journal tells of. */
  note(text: string): void;
  /** Takes what a process has committed. */
  committed(process: Process<Native>, writes: readonly Writes[]): void;
}
