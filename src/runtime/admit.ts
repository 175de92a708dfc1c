import type { EventEnvelope } from "../contract/envelope.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import { FIRST } from "./attempt.ts";
import { Delivery } from "./delivery.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";

/**
 * Takes a delivery from the bus into the database, to be claimed and run from there: a process that
 * then dies has left a trace of the attempt.
 */
export class AdmitTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly #delivery: Delivery;

  constructor(reaction: string, event: EventEnvelope, completion: Completion) {
    this.completion = completion;
    this.#delivery = Delivery.of(reaction, event, FIRST);
    this.receipt = this.#delivery.receipt();
    this.fields = this.#delivery.fields;
  }

  run({ status }: Received, { draft }: Scope<Native>): void {
    if (status !== "fresh" && status !== "blocked") return;
    const state = status === "fresh" ? "retrying" : "waiting";
    const row = this.#delivery.deferral({ state, problem: undefined });
    draft.putOff(this.#delivery.entry(state), row, FIRST, undefined);
  }
}
