import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { memoryBus } from "../adapters/memory/bus.ts";
import type { Sql } from "../adapters/sqlite/sql.ts";
import { sqlite } from "../adapters/sqlite/store.ts";
import type { Choreography } from "../choreography/choreography.ts";
import type { Service } from "../choreography/service.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import type { SagaSummary } from "../observe/summary.ts";
import { systemEnvironment } from "../ports/environment.ts";
import { jsonLogger } from "../ports/logger.ts";
import { type App, startApp } from "../runtime/start.ts";
import { watchHandlers } from "../virtual/handlers.ts";
import type { BegunSaga, DevEvent, SagaToBegin, ServicesControl } from "./control.ts";
import { DevBus } from "./dev-bus.ts";
import { type DevFault, readFault } from "./fault.ts";
import { DevFaults } from "./faults.ts";
import { type BeginForm, beginForms } from "./form.ts";
import { KeptEvents } from "./kept-events.ts";
import { checkPlace, type DevPlaces, faultPlaces } from "./places.ts";
import { stepTelemetry } from "./steps.ts";
import { goingOn, type ReadStore, sagasWrittenLast } from "./summaries.ts";

type AnyService = Service<unknown, EventContract>;

/** What is run, and where its data is. */
export interface DevOptions {
  readonly services: readonly AnyService[];
  /** Names the ends of the sagas. */
  readonly choreography: Choreography | undefined;
  /** Folder of the SQLite files, one for each service. */
  readonly data: string;
  tell(event: DevEvent): void;
}

/** Most sagas that are read to count those that go on. */
const RESUMED_MAX = 1_000;

/** Services that run in this process, on SQLite files and the in-process bus, with faults. */
export class DevServices implements ServicesControl {
  readonly #options: DevOptions;
  readonly #faults = new DevFaults();
  readonly #stores: ReadStore[] = [];
  readonly #apps: App<Sql, EventContract>[] = [];
  readonly #bus: ReturnType<typeof memoryBus>;
  #kept: KeptEvents | undefined;

  private constructor(options: DevOptions) {
    this.#options = options;
    this.#bus = memoryBus(options.services);
  }

  /** Starts the services, which take up their unfinished work. Rejects as `start` does. */
  static async start(options: DevOptions): Promise<DevServices> {
    const running = new DevServices(options);
    try {
      await running.#start();
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  async #start(): Promise<void> {
    const { services, choreography, data, tell } = this.#options;
    mkdirSync(data, { recursive: true });
    const known = services.filter(({ name }) => existsSync(join(data, `${name}.db`)));
    const stores = new Map(
      services.map(({ name }) => [name, sqlite(join(data, `${name}.db`))] as const),
    );
    for (const [service, store] of stores) this.#stores.push({ service, store });
    const before = this.#stores.filter(({ service }) => known.some(({ name }) => name === service));
    const resumed = goingOn(await sagasWrittenLast(before, this.#ends, RESUMED_MAX));
    this.#kept = KeptEvents.make(data);
    const bus = new DevBus(this.#bus, this.#faults, this.#kept, systemEnvironment);
    const telemetry = stepTelemetry(tell, {
      succeeds: new Set(choreography?.succeeds.map(({ type }) => type)),
      fails: new Set(choreography?.fails.map(({ type }) => type)),
    });
    for (const service of services) {
      const { name } = service;
      const store = stores.get(name);
      if (store === undefined) continue;
      const faulty = watchHandlers(service, (work, { reaction, hears }) => {
        this.#faults.beforeHandler(name, reaction, hears);
        return work();
      });
      const app = await startApp(faulty, {
        store,
        bus,
        telemetry,
        // Failures are shown with their steps.
        logger: jsonLogger("error"),
        onHazard: "warn",
        probe: (point) => this.#faults.at(name, point),
      });
      this.#apps.push(app);
    }
    tell({ kind: "ready", services: services.map(({ name }) => name), resumed });
  }

  async forms(): Promise<readonly BeginForm[]> {
    return beginForms(this.#options.services);
  }

  async places(): Promise<readonly DevPlaces[]> {
    return faultPlaces(this.#options.services);
  }

  async begin({
    type,
    payload,
    sagaId = systemEnvironment.uuid(),
  }: SagaToBegin): Promise<BegunSaga> {
    const { contract, service } = this.#beginning(type);
    const app = this.#apps.find(({ name }) => name === service);
    const fact = contract.from(payload);
    const begun = await app?.begin(sagaId, () => fact);
    return { sagaId, begun: begun?.begun === true };
  }

  async fault(fault: unknown): Promise<readonly DevFault[]> {
    const read = readFault(fault);
    checkPlace(read, faultPlaces(this.#options.services));
    this.#faults.add(read);
    return this.#faults.list;
  }

  async faults(): Promise<readonly DevFault[]> {
    return this.#faults.list;
  }

  async clear(): Promise<readonly DevFault[]> {
    this.#faults.clear();
    return this.#faults.list;
  }

  sagas(limit: number): Promise<readonly SagaSummary[]> {
    return sagasWrittenLast(this.#stores, this.#ends, limit);
  }

  /** Stops the services together. What is left goes on at the next start. */
  async stop(): Promise<void> {
    this.#faults.stop();
    await Promise.all(this.#apps.map((app) => app.stop()));
    await this.#bus.close();
    this.#kept?.close();
  }

  get #ends() {
    const { choreography } = this.#options;
    if (choreography === undefined) return undefined;
    const types = (contracts: readonly EventContract[]) => contracts.map(({ type }) => type);
    return { succeeds: types(choreography.succeeds), fails: types(choreography.fails) };
  }

  #beginning(type: string | undefined) {
    const all = this.#options.services.flatMap(({ name, beginnings }) =>
      beginnings.map((contract) => ({ service: name, contract })),
    );
    const [only, ...others] = all;
    const found =
      type === undefined && others.length === 0
        ? only
        : all.find(({ contract }) => contract.type === type);
    if (found !== undefined) return found;
    const known = all.map(({ contract }) => contract.type).join(", ");
    throw new OdoriError("USAGE", `No service begins sagas with ${quote(type)}.`, {
      hint: known === "" ? "Declare one: service(...).begins(contract)." : `Use one of: ${known}.`,
    });
  }
}
