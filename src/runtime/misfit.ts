import { hash } from "node:crypto";
import { encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { MalformedMessage } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Receipt, Received } from "../ports/store.ts";
import { problemOf } from "./failure.ts";
import type { Occasion, Settle } from "./shared.ts";
import type { Scope, Task } from "./task.ts";

/** Where deliveries stand that belong to no reaction. No reaction can have this name. */
const NOBODY = "-";

interface Misfit {
  readonly reaction: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly sagaId: string;
  readonly body: { readonly malformed: boolean; readonly text: string };
  readonly error: unknown;
}

/** Parks what no reaction can take: bytes that are no event, and events of a type that nobody here hears. */
export class MisfitTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly settle: Settle;
  readonly #misfit: Misfit;
  readonly #occasion: Occasion;

  constructor(misfit: Misfit, occasion: Occasion, settle: Settle) {
    const { reaction, source, id, sagaId } = misfit;
    this.#misfit = misfit;
    this.#occasion = occasion;
    this.settle = settle;
    this.receipt = { reaction, source, id, sagaId, marks: [], gathers: false, deferred: occasion.deferred };
    const { code, message } = problemOf(misfit.error);
    this.fields = { reaction, sagaId, eventId: id, attempt: occasion.attempt, code, problem: message };
  }

  run({ standing }: Received, { draft }: Scope<Native>): void {
    // Misfits wait for nobody: they have no order among each other.
    if (standing !== "fresh" && standing !== "blocked") return;
    const { reaction, source, id, type, sagaId, body, error } = this.#misfit;
    const { attempt: attempts } = this.#occasion;
    const entry = {
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId: undefined,
      disposition: "parked",
      effect: undefined,
      emitted: [],
    } as const;
    const row = { reaction, source, id, sagaId, state: "parked", attempts, delayMs: 0, problem: problemOf(error), body } as const;
    draft.putOff(entry, row, this.#occasion);
  }
}

/** The same bytes have the same identity, so that a redelivery is recognised. */
export function malformedMisfit({ topic, raw, error }: MalformedMessage): Misfit {
  return {
    reaction: NOBODY,
    source: topic,
    id: hash("sha256", raw, "hex"),
    type: topic,
    sagaId: "",
    body: { malformed: true, text: raw },
    error,
  };
}

export function unheardMisfit(event: EventEnvelope, service: string): Misfit {
  const { source, id, type, sagaId } = event;
  const error = new OdoriError("UNKNOWN_TYPE", `The service ${service} does not hear ${type}.`, {
    mend: "Declare a reaction to it, or mend the bus: it delivered what was not subscribed to.",
  });
  return { reaction: NOBODY, source, id, type, sagaId, body: { malformed: false, text: encodeStored([event]) }, error };
}

/** A deferred delivery that no retry can help: it is no event, or its reaction is gone. */
export function staleMisfit({ reaction, source, id, sagaId, body }: Deferred, event: EventEnvelope | undefined): Misfit {
  const error =
    event === undefined
      ? new OdoriError("MESSAGE_MALFORMED", "These bytes are no event, however often they are tried.", {
          mend: "Have it sent again by its producer, and discard this one.",
        })
      : new OdoriError("UNKNOWN_TYPE", `There is no reaction ${reaction} any more.`, {
          mend: "Reactions are known by their names: bring it back under this one, or discard the delivery.",
        });
  return { reaction, source, id, type: event?.type ?? source, sagaId, body, error };
}
