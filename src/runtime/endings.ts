import type { ServiceDeclaration } from "../choreography/declaration.ts";
import { type Duration, parseDuration } from "../contract/duration.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { StoreInspection } from "../ports/inspection.ts";
import { SagaWaiters } from "./saga-waiters.ts";
import {
  type EndEvents,
  type EndedStatus,
  endTypes,
  type KnownEnds,
  type SagaStatus,
  sagaStatus,
} from "./status.ts";

interface EndingsParts {
  readonly store: { readonly inspect: StoreInspection };
  readonly environment: Environment;
  readonly ends: EndEvents | undefined;
}

/** What a running service says of the ends of its sagas. */
export class Endings {
  readonly #service: string;
  readonly #inspect: StoreInspection;
  readonly #known: { readonly ends: KnownEnds; readonly waiters: SagaWaiters } | undefined;

  /** Throws `OPTION_INVALID` for an end that the service cannot know. */
  constructor(
    declaration: ServiceDeclaration<never>,
    { store: { inspect }, environment, ends: declared }: EndingsParts,
  ) {
    const { name: service } = declaration;
    this.#service = service;
    this.#inspect = inspect;
    if (declared === undefined) return;
    const ends = endTypes(declaration, declared);
    this.#known = { ends, waiters: new SagaWaiters({ service, inspect, environment, ends }) };
  }

  async status(sagaId: string): Promise<SagaStatus> {
    const { ends } = this.#checked();
    return (await sagaStatus(this.#inspect, sagaId, ends)).status;
  }

  async wait(sagaId: string, timeout: Duration): Promise<EndedStatus> {
    return this.#checked().waiters.wait(sagaId, parseDuration(timeout));
  }

  /** Makes the `done` of a task of this saga, which calls `done` behind it. */
  after(sagaId: () => string, done: () => void): () => void {
    const { waiters } = this.#known ?? {};
    if (waiters === undefined) return done;
    return () => {
      waiters.committed(sagaId());
      done();
    };
  }

  stop(error: OdoriError): void {
    this.#known?.waiters.stop(error);
  }

  #checked() {
    if (this.#known !== undefined) return this.#known;
    throw new OdoriError(
      "OPTION_INVALID",
      `${this.#service} does not know the ends of its sagas.`,
      {
        hint: "Pass the choreography as `ends` to start(), for the service that ends the saga.",
      },
    );
  }
}
