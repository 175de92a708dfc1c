import type { Choreography } from "../choreography/choreography.ts";
import { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import { portraitOf } from "../manifest/fingerprint.ts";
import { manifestOf } from "../manifest/from-code.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { planService } from "../runtime/plan.ts";
import { FIRST_MOMENT } from "../virtual/clock.ts";
import { type HandlerOf, watchHandlers } from "../virtual/handlers.ts";
import { announced, type OnEnter } from "./announced.ts";
import type { SimulatedDatabase } from "./database.ts";
import { type Site, Sites } from "./decisions.ts";
import { requireKnownNames } from "./known-names.ts";
import { KnownWalks, type Reached } from "./known-walks.ts";
import { MachineMap } from "./machine-map.ts";
import type { SimulationOptions } from "./options.ts";
import { type ProcessSites, processSites } from "./process.ts";
import { type GroupSites, groupSites } from "./simulated-bus.ts";

/** The run that is under way. */
export interface StagedRun {
  /** Runs a handler of a process by its name. */
  handle(process: string, work: () => unknown, of: HandlerOf): unknown;
}

/** Where decisions about one service are taken. */
export type ServiceSites = GroupSites & Readonly<Record<"skew" | "handler", Site>>;

/** One service of a simulation: what its runs share. */
export interface SimulatedService<Native> {
  readonly name: string;
  readonly topics: ReadonlySet<string>;
  readonly sites: ServiceSites;
  readonly database: SimulatedDatabase<Native>;
  readonly mayPark: boolean;
  readonly processes: readonly SimulatedProcess<Native>[];
}

/** What the processes of one name share, from run to run. */
export interface SimulatedProcess<Native> {
  /** `payment`, or `payment/2` for the second one beside it. */
  readonly name: string;
  /** The service, with its handlers watched. */
  readonly service: Service<Native, EventContract>;
  readonly sites: ProcessSites;
}

/** A simulation that is ready to run: what is made once for all runs. */
export class Stage<Native> {
  readonly options: SimulationOptions<Native>;
  readonly manifest: Manifest;
  readonly map: MachineMap;
  readonly sites = new Sites();
  readonly parts: readonly SimulatedService<Native>[];
  readonly walks: KnownWalks;
  /**
   * Set by the run that is under way. It is the run itself: with a function in its place, V8 keeps
   * every earlier run until the next full collection.
   */
  run: StagedRun | undefined;

  /** Told which code of the user is about to run. */
  readonly #onEnter: OnEnter | undefined;

  /** Whether a service has several processes. */
  readonly together: boolean;
  readonly #byName: ReadonlyMap<string, SimulatedService<Native>>;

  private constructor(
    choreography: Choreography<Native>,
    options: SimulationOptions<Native>,
    database: (service: string) => SimulatedDatabase<Native>,
    onEnter: OnEnter | undefined,
  ) {
    this.options = onEnter === undefined ? options : announced(options, onEnter);
    this.#onEnter = onEnter;
    this.manifest = manifestOf(choreography);
    this.map = new MachineMap(this.manifest);
    this.walks = new KnownWalks(this.map);
    this.parts = choreography.services.map((service) => ({
      name: service.name,
      topics: new Set(planService(service.declaration).topics),
      sites: {
        ...groupSites(this.sites, service.name),
        skew: this.sites.of(`skew ${service.name}`),
        handler: this.sites.of(`handler ${service.name}`),
      },
      database: database(service.name),
      mayPark: service.declaration.mayPark,
      processes: Array.from({ length: options.instances?.[service.name] ?? 1 }, (_, n) => {
        const name = processName(service.name, n + 1);
        return {
          name,
          service: this.#watched(service, name),
          sites: processSites(this.sites, name),
        };
      }),
    }));
    this.together = this.parts.some(({ processes }) => processes.length > 1);
    this.#byName = new Map(this.parts.map((part) => [part.name, part]));
  }

  /** Prepares the databases as the services' own `setup` says. */
  static async prepare<Native>(
    choreography: Choreography<Native>,
    options: SimulationOptions<Native>,
    database: (service: string) => SimulatedDatabase<Native>,
    onEnter?: OnEnter,
  ): Promise<Stage<Native>> {
    const stage = new Stage(choreography, options, database, onEnter);
    requireKnownNames(options, stage);
    for (const { declaration } of choreography.services) {
      onEnter?.(`the setup of ${declaration.name}`);
      const own = stage.part(declaration.name).database;
      const store = own.open();
      const session = { service: declaration.name, owner: "setup", leaseMs: 1 };
      await store.open({ ...session, now: () => FIRST_MOMENT });
      await store.transaction(async (tx) => declaration.setup?.(tx.native));
      const [process] = stage.part(declaration.name).processes;
      if (process !== undefined) await store.declarations.put(portraitOf(process.service));
      await store.close();
      await own.keep();
    }
    return stage;
  }

  /** What its runs have reached. */
  get reached(): Reached {
    return this.walks.reached;
  }

  part(service: string): SimulatedService<Native> {
    const part = this.#byName.get(service);
    if (part === undefined) throw new RangeError(`No service ${service} takes part.`);
    return part;
  }

  async close(): Promise<void> {
    for (const { database } of this.parts) await database.close();
  }

  /** The database is prepared once, so starts need not do it again. */
  #watched(
    service: Service<Native, EventContract>,
    process: string,
  ): Service<Native, EventContract> {
    const { declaration, beginnings, heard } = watchHandlers(service, (work, of) => {
      this.#onEnter?.(`the handler ${quote(of.reaction)} of ${process}`);
      return this.run === undefined ? work() : this.run.handle(process, work, of);
    });
    const { setup, ...prepared } = declaration;
    return new Service(prepared, beginnings, heard);
  }
}

/** `payment`, or `payment/2` for the second process beside it. */
function processName(service: string, number: number): string {
  return number === 1 ? service : `${service}/${number}`;
}
