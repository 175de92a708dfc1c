/** The part of a running service that the module uses. Every `App` has it. */
interface Stopping {
  stop(): Promise<void>;
}

/** What Nest stops at the end, and what your own providers get by `ODORI_APPS`. */
class RunningApps<Apps extends Readonly<Record<string, Stopping>>> {
  readonly apps: Apps;

  constructor(apps: Apps) {
    this.apps = apps;
  }

  /** Called by Nest at `close`, and at a signal after `enableShutdownHooks`. */
  async onApplicationShutdown(): Promise<void> {
    // One that cannot stop must not keep Nest from waiting for the others.
    const ends = await Promise.allSettled(Object.values(this.apps).map(async (app) => app.stop()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}

/** The token under which Nest injects the running services. */
export const ODORI_APPS: unique symbol = Symbol("odori apps");

const RUNNING = Symbol("odori running");

/**
 * Starts services with a Nest application, and stops them with it: call `enableShutdownHooks()` for
 * signals. `forRoot` takes the function that starts them; providers of any module get its result by
 * `@Inject(ODORI_APPS)`. Nothing of Nest is loaded here.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { memoryBus } from "odori/memory";
 * import { OdoriModule } from "odori/nestjs";
 * import { sqlite } from "odori/sqlite";
 * import { order } from "./services.ts";
 *
 * const services = OdoriModule.forRoot(async () => ({
 *   order: await start(order, { store: sqlite("order.db"), bus: memoryBus([order]) }),
 * }));
 * ```
 */
export class OdoriModule {
  /** Nest makes one, and has nothing to call on it. */
  readonly name = "odori";

  /** Makes the module out of the function that starts its services. */
  static forRoot<Apps extends Readonly<Record<string, Stopping>>>(begin: () => Promise<Apps>) {
    return {
      module: OdoriModule,
      global: true,
      providers: [
        { provide: RUNNING, useFactory: async () => new RunningApps(await begin()) },
        {
          provide: ODORI_APPS,
          useFactory: ({ apps }: RunningApps<Apps>) => apps,
          inject: [RUNNING],
        },
      ],
      exports: [ODORI_APPS],
    };
  }
}
