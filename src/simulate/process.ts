import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import type { Writes } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import type { LogFields, Logger } from "../ports/logger.ts";
import type { Session } from "../ports/store.ts";
import type { CrashPoint } from "../runtime/crash-points.ts";
import { type App, startApp } from "../runtime/start.ts";
import { type VirtualClock, virtualEnvironment } from "../virtual/clock.ts";
import { type Actor, running } from "./actor.ts";
import { CRASH, never } from "./crash.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { Decisions, Site, Sites } from "./decisions.ts";
import type { Faults } from "./faults.ts";
import type { Outside } from "./outside.ts";
import { ProcessStore, type StoreOwner } from "./process-store.ts";
import type { BusMember, SimulatedBus } from "./simulated-bus.ts";

/**
 * A lease ends when the run says so, and a process looks for the work of others when it starts and
 * once in a while: of its own it is told. Nothing is ever forgotten.
 */
const OPTIONS = { pollMs: 1_800_000, leaseMs: 1e12, retentionMs: 1e13, handlerTimeoutMs: 30_000 };

/** What a process needs of its run. */
export interface ProcessParts<Native> {
  readonly service: Service<Native, EventContract>;
  readonly sites: ProcessSites;
  readonly database: SimulatedDatabase<Native>;
  readonly post: SimulatedBus;
  readonly clock: VirtualClock;
  readonly decisions: Decisions;
  readonly faults: Faults;
  /** By how much the clock of the service is wrong. */
  readonly skewMs: number;
  readonly seed: number;
  readonly outside: Outside;
  committed(process: Process<Native>, writes: readonly Writes[]): void;
  logged(process: Process<Native>, fields: LogFields): void;
  rejected(reason: unknown, service: string): void;
  died(process: Process<Native>): void;
}

/** Different numbers that a handler may draw. */
const CHANCES = 65_536;

type SiteName = "chance" | "crash" | "publish" | "reply" | "opens" | "commits" | "lease";

/** Where decisions about one process are taken. */
export type ProcessSites = Readonly<Record<SiteName, Site>>;

/** The sites of the process of that name. */
export function processSites(sites: Sites, name: string): ProcessSites {
  return {
    chance: sites.of(`chance ${name}`),
    crash: sites.of(`crash ${name}`),
    publish: sites.of(`publish ${name}`),
    reply: sites.of(`reply ${name}`),
    opens: sites.of(`open ${name}`),
    commits: sites.of(`commit ${name}`),
    lease: sites.of(`lease ${name}`),
  };
}

/** One process of a service, from its start to its death. */
export class Process<Native> implements Actor, BusMember, StoreOwner {
  /** `payment`, or `payment/2` for the second one beside it. */
  readonly name: string;
  readonly service: string;
  dead = false;
  /** Identifies it in leases. */
  owner = "";
  /** Handlers that have not returned, and their reactions. */
  readonly handlers = new Map<Promise<unknown>, string>();
  readonly sites: ProcessSites;
  readonly #parts: ProcessParts<Native>;
  readonly #store: ProcessStore<Native>;
  readonly #environment: Environment;
  /** Whether it has crashed. A run that is over only leaves its processes. */
  #killed = false;
  /** Timers of handlers. */
  #waits = 0;
  #app: App<Native, EventContract> | undefined;

  /** `life` counts the processes of this name. */
  constructor(
    parts: ProcessParts<Native>,
    { name, life }: { readonly name: string; readonly life: number },
  ) {
    const { sites, clock, seed, skewMs, service, database } = parts;
    this.name = name;
    this.service = service.name;
    this.#parts = parts;
    this.sites = sites;
    const own = virtualEnvironment(clock, { name, life, seed });
    this.#environment = {
      ...own,
      random: () => (running.getStore() === undefined ? own.random() : this.random()),
      now: () => clock.now + skewMs,
      timer: (delayMs, work) => this.#timer(delayMs, work),
      turn: async () => {},
    };
    this.#store = new ProcessStore(database.open(), this);
  }

  /** The running service; undefined while it starts. */
  get app(): App<Native, EventContract> | undefined {
    return this.#app;
  }

  async start(): Promise<void> {
    const { service, post } = this.#parts;
    const app = await startApp(service, {
      ...OPTIONS,
      store: this.#store,
      bus: post.busOf(this),
      environment: this.#environment,
      logger: this.#logger(),
      probe: (point) => this.#reach(point),
    });
    this.#app = app;
  }

  /** What the runtime logs goes nowhere, but errors are looked at. */
  #logger(): Logger {
    const take = (_: string, fields?: LogFields) => {
      if (fields !== undefined) this.#parts.logged(this, fields);
    };
    return { debug() {}, info() {}, warn: take, error: take };
  }

  kill(): void {
    this.dead = true;
    this.#killed = true;
    this.#store.abort();
    this.#parts.clock.dropTimersOf(this);
    this.#parts.died(this);
  }

  /** Ends its lease though it lives. */
  loseLease(): void {
    this.#parts.database.expire(this.owner, this.now());
  }

  now(): number {
    return this.#environment.now();
  }

  /** Chance of a handler is decided as all else is. */
  random(): number {
    const { decisions } = this.#parts;
    const draw = () => decisions.below(CHANCES);
    return decisions.decide(this.sites.chance, CHANCES, draw) / CHANCES;
  }

  uuid(): string {
    return this.#environment.uuid();
  }

  call<T>(system: string, effect: () => T): Promise<T> {
    return this.dead ? never() : this.#parts.outside.call(this, system, effect);
  }

  rejected(reason: unknown): void {
    if (!this.#killed) this.#parts.rejected(reason, this.service);
  }

  /** Notes that a handler runs, until it returns. */
  track(handler: Promise<unknown>, reaction: string): void {
    this.handlers.set(handler, reaction);
    const returned = () => void this.handlers.delete(handler);
    handler.then(returned, returned);
  }

  /** A timer that a handler sets. */
  timer(delayMs: number, work: () => void): () => void {
    this.#waits++;
    let over = false;
    const end = () => {
      if (!over) this.#waits--;
      over = true;
    };
    const cancel = this.#timer(delayMs, () => {
      end();
      work();
    });
    return () => {
      end();
      cancel();
    };
  }

  /** Whether a handler has set a timer. */
  get waits(): boolean {
    return this.#waits > 0;
  }

  #timer(delayMs: number, work: () => void): () => void {
    if (this.dead) return () => {};
    return this.#parts.clock.timer(delayMs, work, this);
  }

  opened({ owner }: Session): void {
    this.owner = owner;
  }

  isAway(when: "opens" | "commits"): boolean {
    if (this.#app === undefined) return false;
    return this.#parts.faults.isAway(this.name, when, this.sites[when]);
  }

  committed(writes: readonly Writes[]): void {
    if (writes.length > 0) this.#parts.committed(this, writes);
  }

  #reach(point: CrashPoint): void {
    if (this.dead) {
      if (MUST_STOP.has(point)) throw CRASH;
      return;
    }
    if (this.#app === undefined) return;
    if (!this.#parts.faults.crashes(this.name, point, this.sites.crash)) return;
    this.kill();
    if (MUST_STOP.has(point)) throw CRASH;
  }
}

/**
 * Where what follows may run a handler. Elsewhere a dead process does no more than call its store,
 * its bus and its timers, which do nothing; an error would only be unhandled.
 */
const MUST_STOP: ReadonlySet<CrashPoint> = new Set([
  "received",
  "opened",
  "looked_up",
  "handled",
  "written",
]);
