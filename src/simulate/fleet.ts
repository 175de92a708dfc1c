import type { Deferred } from "../ports/deferred.ts";
import { type Move, NO_MOVES } from "./move.ts";
import { Process } from "./process.ts";
import { loopTurned, quiet } from "./quiet.ts";
import { sawRealWait } from "./real-waits.ts";
import type { RunParts } from "./run-parts.ts";
import type { SimulatedProcess, SimulatedService } from "./stage.ts";

/** How long a handler may wait for the world outside, in milliseconds of real time. */
const OUTSIDE_MS = 1_000;
/** Turns of the event loop that come at once: a file is read within them. */
const QUICK_TURNS = 50;
/** Reads the real clock, also while a simulation has replaced `Date`. */
const realTime = Date.now;
/** How often a person retries what is parked. */
const ROUNDS_MAX = 20;
/** Parked deliveries of one service that are looked at. */
const SHOWN_MAX = 100;
/** Environments draw the same in every run: what differs between runs are its decisions. */
const SEED = 1;

/** A process that has died and was not started again. */
interface Down<Native> {
  readonly part: SimulatedService<Native>;
  readonly process: SimulatedProcess<Native>;
}

/** The lease of a process that has died. */
interface Lease<Native> {
  readonly part: SimulatedService<Native>;
  readonly process: string;
  readonly owner: string;
}

/** The processes of all services: they start, die, and start again. */
export class Fleet<Native> {
  readonly #run: RunParts<Native>;
  readonly #processes = new Map<string, Process<Native>>();
  readonly #lives = new Map<string, number>();
  readonly #skews = new Map<string, number>();
  readonly #down: Down<Native>[] = [];
  readonly #leases: Lease<Native>[] = [];
  #starting = 0;
  #rounds = 0;

  constructor(run: RunParts<Native>) {
    this.#run = run;
  }

  /** The process of that name, while it lives. */
  process(name: string): Process<Native> | undefined {
    return this.#processes.get(name);
  }

  /** A process of the service that has started. */
  running(service: string): Process<Native> | undefined {
    for (const { name } of this.#run.stage.part(service).processes) {
      const process = this.#processes.get(name);
      if (process?.app !== undefined) return process;
    }
    return undefined;
  }

  /** Starts every process, on databases as they were kept. */
  async open(): Promise<void> {
    const { stage, post, faults, clock } = this.#run;
    for (const { name, topics, sites, database } of stage.parts) {
      database.reset();
      post.addGroup(name, topics, sites);
      this.#skews.set(name, faults.skewMs(name, sites.skew));
    }
    for (const part of stage.parts)
      for (const process of part.processes) this.#start(part, process);
    while (this.#starting > 0) await quiet();
    // They look for what others have left: there is nothing yet.
    while (clock.runAllDue()) await quiet();
  }

  /** Whether something is left that happens by itself. */
  get busy(): boolean {
    if (this.#down.length + this.#leases.length + this.#starting > 0) return true;
    for (const { waits } of this.#processes.values()) if (waits) return true;
    return this.#run.stage.parts.some(({ database }) => database.busy);
  }

  /** What may happen to processes. The calm choice is to start one again. */
  moves(): readonly Move[] {
    if (this.#down.length + this.#leases.length === 0) return NO_MOVES;
    return [
      ...this.#down.map((down) => ({ perform: () => this.#restart(down) })),
      ...this.#leases.map((lease) => ({ perform: () => this.#expire(lease) })),
    ];
  }

  /** A process that stood still for long counts as dead for the one beside it. */
  loseLeases(): void {
    const { faults, stage } = this.#run;
    if (!stage.together) return;
    for (const process of this.#processes.values()) {
      const beside = stage.part(process.service).processes.length > 1;
      if (!beside || process.app === undefined) continue;
      if (faults.endsLease(process.name, process.sites.lease)) process.loseLease();
    }
  }

  /** Has a person retry what is parked. Returns whether there was anything. */
  async operate(): Promise<boolean> {
    const { stage } = this.#run;
    if (stage.options.operator !== true || this.#rounds++ > ROUNDS_MAX) return false;
    let any = false;
    for (const { name, database } of stage.parts) {
      const app = this.running(name)?.app;
      if (database.parked === 0 || app === undefined) continue;
      for (const { seq, reaction } of await app.inspect.deferred(["parked"], SHOWN_MAX)) {
        this.#run.note(`a person retries ${reaction} of ${name}`);
        await app.inspect.retry(seq);
        any = true;
      }
    }
    return any;
  }

  /** The deliveries of a service that are parked. */
  async parked(service: string): Promise<readonly Deferred[]> {
    return (await this.running(service)?.app?.inspect.deferred(["parked"], SHOWN_MAX)) ?? [];
  }

  /** Whether a handler waits, and the simulation controls nothing that it may wait for. */
  get waitsOutside(): boolean {
    if (this.#run.outside.busy) return false;
    let any = false;
    for (const { handlers, waits } of this.#processes.values()) {
      if (handlers.size === 0) continue;
      if (waits) return false;
      any = true;
    }
    return any;
  }

  /** Waits for what the simulation does not control. Returns whether that is in vain. */
  async isStuck(): Promise<boolean> {
    sawRealWait();
    const until = realTime() + OUTSIDE_MS;
    for (let turns = 0; realTime() < until; turns++) {
      await loopTurned(turns < QUICK_TURNS ? 0 : 1);
      await quiet();
      if (!this.waitsOutside) return false;
    }
    for (const process of this.#processes.values()) {
      const { service, handlers } = process;
      const [reaction] = handlers.values();
      if (reaction === undefined) continue;
      const message = `a handler of ${process.name} waits for what the simulation does not control`;
      const at = this.#run.waitsAt(process);
      this.#run.fail({ code: "UNCONTROLLED", message, service, reaction, at });
    }
    return true;
  }

  /** Ends every process. */
  leave(): void {
    for (const process of this.#processes.values()) process.dead = true;
  }

  #start(part: SimulatedService<Native>, started: SimulatedProcess<Native>): void {
    const { post, clock, decisions, faults, outside } = this.#run;
    const { name, service, sites } = started;
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const { database } = part;
    const skewMs = this.#skews.get(part.name) ?? 0;
    const process = new Process<Native>(
      {
        service,
        sites,
        database,
        post,
        clock,
        decisions,
        faults,
        outside,
        skewMs,
        seed: SEED,
        committed: (from, writes) => this.#run.committed(from, writes),
        logged: (from, fields) => this.#run.logged(from, fields),
        rejected: (reason, from) => this.#run.rejected(reason, from),
        died: (dead) => this.#died(part, started, dead),
      },
      { name, life },
    );
    this.#processes.set(name, process);
    this.#starting++;
    const ready = () => {
      this.#starting--;
    };
    process.start().then(ready, (error: unknown) => {
      ready();
      throw error;
    });
  }

  #died(
    part: SimulatedService<Native>,
    process: SimulatedProcess<Native>,
    dead: Process<Native>,
  ): void {
    this.#processes.delete(process.name);
    this.#run.post.drop(dead);
    this.#down.push({ part, process });
    this.#leases.push({ part, process: process.name, owner: dead.owner });
  }

  #restart(down: Down<Native>): void {
    this.#down.splice(this.#down.indexOf(down), 1);
    const { part, process } = down;
    this.#run.note(`${process.name} starts again`);
    this.#start(part, process);
  }

  #expire(lease: Lease<Native>): void {
    this.#leases.splice(this.#leases.indexOf(lease), 1);
    const { part, owner, process } = lease;
    part.database.expire(owner, this.#run.clock.now + (this.#skews.get(part.name) ?? 0));
    this.#run.note(`the lease of the dead ${process} ends`);
  }
}
