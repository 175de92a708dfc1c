import { codeOf, OdoriError } from "../contract/errors.ts";
import type { SagaSummary } from "../observe/summary.ts";
import { systemEnvironment } from "../ports/environment.ts";
import type {
  BegunSaga,
  BegunSagas,
  DevControl,
  SagaToBegin,
  ServicesControl,
  ServicesFailure,
} from "./control.ts";
import type { DevFault } from "./fault.ts";
import type { BeginForm } from "./form.ts";
import type { DevPlaces } from "./places.ts";

/** Begun sagas that are remembered. */
const BEGUN_MAX = 20;
/** A call that meets the end of one process after another is given up on. */
const PROCESSES_MAX = 5;

/**
 * The control of the services that run now: they are in another process after each change, and
 * after a fault that has killed them. A call that meets the end of a process goes on in the next
 * one. It remembers which sagas were begun, and how the last one was.
 */
export class CurrentControl implements DevControl {
  #services: ServicesControl | undefined;
  #failure: ServicesFailure | undefined;
  #changed = Promise.withResolvers<void>();
  #last: SagaToBegin | undefined;
  #begun: BegunSagas = { count: 0, last: [] };

  /** Names the services that run from now on. */
  use(services: ServicesControl): void {
    this.#become(services, undefined);
  }

  /** The services have ended, and do not start again by themselves: calls are refused. */
  fail(failure: ServicesFailure): void {
    this.#become(undefined, failure);
  }

  get failure(): ServicesFailure | undefined {
    return this.#failure;
  }

  get begun(): BegunSagas {
    return this.#begun;
  }

  forms(): Promise<readonly BeginForm[]> {
    return this.#ask((services) => services.forms());
  }

  places(): Promise<readonly DevPlaces[]> {
    return this.#ask((services) => services.places());
  }

  async begin(request: SagaToBegin): Promise<BegunSaga> {
    // With an id from here, a beginning whose reply was lost is the same one in the next process.
    const { type, payload, sagaId = systemEnvironment.uuid() } = request;
    let tries = 0;
    const told = await this.#ask((services) => {
      tries++;
      return services.begin({ type, payload, sagaId });
    });
    const saga = { sagaId, begun: told.begun || tries > 1 };
    this.#last = { type, payload };
    const { count, last } = this.#begun;
    const others = last.filter((one) => one.sagaId !== sagaId);
    // An id that was used before begins nothing.
    this.#begun = {
      count: count + (saga.begun ? 1 : 0),
      last: [saga, ...others].slice(0, BEGUN_MAX),
    };
    return saga;
  }

  async again(): Promise<BegunSaga> {
    if (this.#last !== undefined) return this.begin(this.#last);
    throw new OdoriError("USAGE", "No saga was begun before.", { hint: "Begin one first." });
  }

  fault(fault: unknown): Promise<readonly DevFault[]> {
    return this.#ask((services) => services.fault(fault));
  }

  faults(): Promise<readonly DevFault[]> {
    return this.#ask((services) => services.faults());
  }

  clear(): Promise<readonly DevFault[]> {
    return this.#ask((services) => services.clear());
  }

  sagas(limit: number): Promise<readonly SagaSummary[]> {
    return this.#ask((services) => services.sagas(limit));
  }

  async #ask<T>(ask: (services: ServicesControl) => Promise<T>): Promise<T> {
    for (let processes = 1; ; processes++) {
      const services = await this.#running();
      try {
        return await ask(services);
      } catch (error) {
        if (codeOf(error) !== "STOPPED" || processes >= PROCESSES_MAX) throw error;
      }
      while (this.#services === services) await this.#changed.promise;
    }
  }

  /** Waits for services that start. Rejects with `STOPPED` where none do. */
  async #running(): Promise<ServicesControl> {
    for (;;) {
      if (this.#services !== undefined) return this.#services;
      if (this.#failure !== undefined)
        throw new OdoriError("STOPPED", "The services do not run.", {
          hint: "They start again with the next change of a source.",
        });
      await this.#changed.promise;
    }
  }

  #become(services: ServicesControl | undefined, failure: ServicesFailure | undefined): void {
    this.#services = services;
    this.#failure = failure;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
