import { memoryStore } from "odori/memory";
import type { Store } from "../../src/ports/store.ts";
import { Alone, type AloneParts } from "../../src/runtime/alone.ts";
import { type Attempt, FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { Pace } from "../../src/runtime/pace.ts";
import { placed } from "../support/contracts.ts";
import { envelope } from "../support/stage.ts";

/** Resolves after a turn of the event loop. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A store whose every saga is held by another transaction while `held`. */
export function heldStore() {
  const state = { held: true, looks: 0 };
  const inner = memoryStore();
  const store: Store<unknown> = Object.assign(Object.create(inner), {
    transaction(work: (tx: unknown) => Promise<unknown>) {
      state.looks++;
      return work({ receive: async () => [{ status: state.held ? "busy" : "gone" }] });
    },
  });
  return { state, store };
}

/** A task that can be put off; notes whether it was told of an outcome. */
export function taskOf(sagaId: string, attempt: Attempt = FIRST) {
  const delivery = Delivery.of("charge", envelope(placed, sagaId, {}, { id: sagaId }), attempt);
  const task = {
    receipt: delivery.receipt(),
    fields: delivery.fields,
    completion: { done() {}, failed() {} },
    run() {},
    recover: () => task,
  };
  return task;
}

export function aloneWith(parts: Pick<AloneParts<unknown>, "store" | "environment">) {
  const failed: { readonly sagaId: string; readonly error: unknown }[] = [];
  const settled: string[] = [];
  const added: string[] = [];
  const alone = new Alone({
    ...parts,
    probe() {},
    pace: new Pace(),
    add: ({ receipt }) => added.push(receipt.sagaId),
    settled: ({ receipt }) => settled.push(receipt.sagaId),
    committed() {},
    unavailable() {},
    failed: ({ receipt }, error) => failed.push({ sagaId: receipt.sagaId, error }),
  });
  return { alone, added, failed, settled };
}
