import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Environment } from "../ports/environment.ts";
import type { StoreInspection } from "../ports/inspection.ts";
import { type EndedStatus, type KnownEnds, sagaStatus } from "./status.ts";

/**
 * How often the store is read for sagas that are waited for, in milliseconds: another process of
 * the service may handle the end. A commit of this process is noticed at once.
 */
const LOOK_EVERY_MS = 500;
/** Most calls that wait at once: each of them holds a request of its caller. */
const WAITERS_MAX = 10_000;

interface Waiter {
  readonly resolve: (status: EndedStatus) => void;
  readonly reject: (error: unknown) => void;
}

export interface SagaWaitersParts {
  readonly service: string;
  readonly inspect: StoreInspection;
  readonly environment: Environment;
  readonly ends: KnownEnds;
}

/** Calls that wait for the ends of sagas. */
export class SagaWaiters {
  readonly #parts: SagaWaitersParts;
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Sagas to read, in turn: one read at a time, for any number of waiters. */
  readonly #due = new Set<string>();
  #reading = false;
  #size = 0;
  #cancelLook: (() => void) | undefined;

  constructor(parts: SagaWaitersParts) {
    this.#parts = parts;
  }

  /** Resolves at the end of the saga. Rejects with `WAIT_TIMEOUT`, or with `stopped`'s error. */
  wait(sagaId: string, timeoutMs: number): Promise<EndedStatus> {
    if (this.#size >= WAITERS_MAX) return Promise.reject(tooMany());
    const { environment } = this.#parts;
    return new Promise((resolve, reject) => {
      const cancel = environment.timer(timeoutMs, () => this.#timeout(sagaId, timeoutMs, waiter));
      const ended = () => {
        cancel();
        this.#drop(sagaId, waiter);
      };
      const waiter: Waiter = {
        resolve: (status) => {
          ended();
          resolve(status);
        },
        reject: (error) => {
          ended();
          reject(error);
        },
      };
      const known = this.#waiting.get(sagaId) ?? new Set();
      this.#waiting.set(sagaId, known.add(waiter));
      this.#size++;
      this.committed(sagaId);
      this.#lookLater();
    });
  }

  /** Told of each commit about a saga. */
  committed(sagaId: string): void {
    if (!this.#waiting.has(sagaId)) return;
    this.#due.add(sagaId);
    if (!this.#reading) void this.#readAll();
  }

  /** Rejects every call that waits. */
  stop(error: OdoriError): void {
    this.#cancelLook?.();
    for (const waiters of this.#waiting.values()) for (const one of waiters) one.reject(error);
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    for (const sagaId of this.#due) {
      this.#due.delete(sagaId);
      const { inspect, ends } = this.#parts;
      try {
        const { status } = await sagaStatus(inspect, sagaId, ends);
        if (status.state === "unknown" || status.state === "running") continue;
        for (const waiter of this.#waiting.get(sagaId) ?? []) waiter.resolve(status);
      } catch {
        // The database may be back before the time is over: it is read again.
      }
    }
    this.#reading = false;
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#parts.environment.timer(LOOK_EVERY_MS, () => {
      this.#cancelLook = undefined;
      for (const sagaId of this.#waiting.keys()) this.committed(sagaId);
      if (this.#waiting.size > 0) this.#lookLater();
    });
  }

  #drop(sagaId: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(sagaId);
    if (waiters?.delete(waiter) === true) this.#size--;
    if (waiters?.size === 0) this.#waiting.delete(sagaId);
    if (this.#size > 0) return;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  async #timeout(sagaId: string, timeoutMs: number, waiter: Waiter): Promise<void> {
    const { service, inspect, ends } = this.#parts;
    const seen = await sagaStatus(inspect, sagaId, ends).catch(() => undefined);
    if (seen?.status.state === "succeeded" || seen?.status.state === "failed") {
      waiter.resolve(seen.status);
      return;
    }
    const last = seen?.journal.at(-1);
    const where =
      seen === undefined
        ? "the database cannot be read"
        : last === undefined
          ? `${service} has nothing of it`
          : `${last.disposition} ${last.type} was the last step in ${service}`;
    waiter.reject(
      new OdoriError(
        "WAIT_TIMEOUT",
        `The saga ${quote(sagaId)} has no end after ${timeoutMs} ms: ${where}.`,
        {
          hint: "It goes on: ask for its status later. `odori trace` shows where it stands.",
        },
      ),
    );
  }
}

function tooMany(): OdoriError {
  return new OdoriError("WAITERS_FULL", `${WAITERS_MAX} calls wait for ends of sagas already.`, {
    hint: "Answer the caller at once, and let it ask for the status later.",
  });
}
