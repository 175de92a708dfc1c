import { codeOf, OdoriError } from "../contract/errors.ts";
import type { Received, Written } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import type { Store } from "../ports/store.ts";
import type { Probe } from "./crash-points.ts";
import { Draft, type Notice } from "./draft.ts";
import type { DetachedRun } from "./group.ts";
import type { HandOver } from "./publisher.ts";
import { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** What a run by itself has come to. */
export type SoloResult<Native> =
  | {
      readonly kind: "committed";
      readonly handOver: HandOver | undefined;
      /** Deliveries that failed or were parked, for the log. */
      readonly notices: readonly Notice[];
      readonly nextDueMs: number | undefined;
      /** How long the handler took, in milliseconds; undefined where it was not measured. */
      readonly handlerMs: number | undefined;
    }
  /** No handler has to run: a commit group records it. */
  | { readonly kind: "settled" }
  /** The saga has changed meanwhile, or another transaction was in the way: run it again. */
  | { readonly kind: "again" }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly recovery: Task<Native> | undefined;
    };

/** Thrown inside a transaction to undo it: the saga is not as the handler saw it. */
class Outdated extends Error {}

export interface SoloParts<Native> {
  readonly store: Store<Native>;
  readonly environment: Environment;
  readonly probe: Probe;
}

/** Runs one task in a transaction of its own, which opens when its handler first uses it. */
export async function runAlone<Native>(
  parts: SoloParts<Native>,
  task: Task<Native>,
): Promise<SoloResult<Native>> {
  const { store, environment } = parts;
  const [received] = await store.transaction((tx) => tx.receive([task.receipt]));
  if (received === undefined || received.status === "busy") return { kind: "again" };
  if (received.status !== "fresh") return { kind: "settled" };
  const tx = store.detached();
  const scope = new Scope(tx.native, new Draft());
  const began = environment.now();
  let handlerMs: number | undefined;
  const running = call(task, received, scope).finally(() => {
    handlerMs = environment.now() - began;
  });
  const result = await finish(parts, { task, received, scope, running, tx });
  return result.kind === "committed" ? { ...result, handlerMs } : result;
}

/**
 * Runs one task in a transaction that is open from the beginning, so that nothing can come between:
 * for a task that has met another transaction before.
 */
export async function runExclusively<Native>(
  { store, probe }: SoloParts<Native>,
  task: Task<Native>,
): Promise<SoloResult<Native>> {
  const draft = new Draft();
  try {
    return await store.transaction(async (tx) => {
      probe("opened");
      const [received] = await tx.receive([task.receipt]);
      if (received === undefined || received.status === "busy") return { kind: "again" };
      if (received.status !== "fresh") return { kind: "settled" };
      probe("looked_up");
      const handler = tx.scope();
      await task.run(received, new Scope(handler.native, draft));
      await handler.keep();
      const written = await tx.write(draft, { last: true });
      probe("written");
      return committed(draft, written);
    });
  } catch (error) {
    return { kind: "failed", error, recovery: task.recover?.(error) };
  }
}

async function call<Native>(
  task: Task<Native>,
  received: Received,
  scope: Scope<Native>,
): Promise<void> {
  await task.run(received, scope);
}

/** Waits for a detached handler, checks that its saga is as the handler saw it, and commits. */
export async function finish<Native>(
  { probe }: SoloParts<Native>,
  { task, received, scope, running, tx }: DetachedRun<Native>,
): Promise<SoloResult<Native>> {
  const { draft } = scope;
  try {
    await running;
    const ended = await tx.complete(async (transaction) => {
      probe("opened");
      const [now] = await transaction.receive([task.receipt]);
      if (now === undefined || !isSame(now, received)) throw new Outdated();
      probe("looked_up");
      const written = await transaction.write(draft, { last: true });
      probe("written");
      return written;
    });
    return committed(draft, ended);
  } catch (error) {
    await tx.abandon();
    // The handler has done nothing wrong: the database was not to be had, or its saga moved on.
    if (error instanceof Outdated || codeOf(error) === "STORE_CONTENDED") return { kind: "again" };
    return { kind: "failed", error, recovery: task.recover?.(error) };
  }
}

function committed(draft: Draft, written: Written) {
  const { ticket } = written;
  return {
    kind: "committed" as const,
    handOver: ticket === undefined ? undefined : { ticket, events: draft.enqueue },
    notices: draft.noticesOf(written),
    nextDueMs: draft.nextDueMs,
    handlerMs: undefined,
  };
}

function isSame(now: Received, before: Received): boolean {
  if (now.status !== before.status || now.marks.size !== before.marks.size) return false;
  if (now.gathered.length !== before.gathered.length) return false;
  for (const [name, state] of now.marks) if (before.marks.get(name) !== state) return false;
  return true;
}

/** The reason with which `stop` ends the handlers that still run. */
export function stopping(service: string): OdoriError {
  return new OdoriError("STOPPED", `The service ${service} is stopping.`, {
    hint: "The delivery is not acknowledged, and comes again.",
  });
}
