import { OdoriError } from "../contract/errors.ts";
import type { SagaSummary } from "../observe/summary.ts";
import type { BegunSaga, DevControl, SagaToBegin, ServicesControl } from "./control.ts";
import type { DevFault } from "./fault.ts";
import type { BeginForm } from "./form.ts";

/**
 * The control of the services that run now: they are in another process after each change. It
 * remembers how the last saga was begun.
 */
export class CurrentControl implements DevControl {
  #services: ServicesControl | undefined;
  #last: SagaToBegin | undefined;

  /** Names the services that run from now on. */
  use(services: ServicesControl): void {
    this.#services = services;
  }

  async forms(): Promise<readonly BeginForm[]> {
    return this.#running().forms();
  }

  async begin(request: SagaToBegin): Promise<BegunSaga> {
    const begun = await this.#running().begin(request);
    this.#last = { type: request.type, payload: request.payload };
    return begun;
  }

  async again(): Promise<BegunSaga> {
    if (this.#last !== undefined) return this.#running().begin(this.#last);
    throw new OdoriError("USAGE", "No saga was begun before.", { hint: "Begin one first." });
  }

  async fault(fault: unknown): Promise<readonly DevFault[]> {
    return this.#running().fault(fault);
  }

  async faults(): Promise<readonly DevFault[]> {
    return this.#running().faults();
  }

  async clear(): Promise<readonly DevFault[]> {
    return this.#running().clear();
  }

  async sagas(limit: number): Promise<readonly SagaSummary[]> {
    return this.#running().sagas(limit);
  }

  #running(): ServicesControl {
    if (this.#services !== undefined) return this.#services;
    throw new OdoriError("STOPPED", "The services do not run yet.", { hint: "Try again." });
  }
}
