import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order } from "../../examples/order/orders.ts";

export interface FleetOptions {
  readonly store: string;
  readonly bus: string;
  readonly data: string;
  /** Processes of each service. */
  readonly members: number;
  /** Addresses of the servers, as the example reads them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a process said of itself. */
export interface HealthSample {
  readonly service: string;
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When the process that said it was frozen: meanwhile it can notice nothing. */
  readonly freezes: readonly Freeze[];
}

/** A time in which a process does not run. Milliseconds since 1970. */
export interface Freeze {
  readonly from: number;
  readonly to: number;
}

/** What processes have taken over from one another, as each of them has counted. */
export interface Takeovers {
  /** Processes that were found dead. */
  readonly processes: number;
  readonly events: number;
  readonly deliveries: number;
  /** How often a process was found dead and lived. */
  readonly lost: number;
}

interface Message {
  readonly takeover?: Takeovers;
  readonly ready?: boolean;
  readonly placed?: string;
  readonly health?: Pick<HealthSample, "state" | "at">;
}

interface Member {
  readonly service: string;
  child: ChildProcess | undefined;
  ready: boolean;
  paused: boolean;
  readonly freezes: Freeze[];
  /** Processes of this place that have ended without leaving. */
  deaths: number;
  /** What each process of this place has taken over. */
  readonly takeovers: Map<number, Takeovers>;
}

export const SERVICES = ["order", "payment", "inventory", "shipping", "tickets"] as const;
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** A supervisor's pause before it starts a process again. */
const RESTART_MS = 300;
/** A process that SIGTERM does not end within this time is killed: the run must come to its end. */
const STOP_LIMIT_MS = 8_000;

/**
 * All processes of all services. One that ends is started again, as a supervisor would, until the
 * fleet is stopped.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: readonly Member[];
  /** Orders that were asked for and not yet answered. */
  readonly #asked = new Map<string, Order>();
  readonly placed = new Set<string>();
  /** Once a second from each process. */
  readonly health: HealthSample[] = [];
  #stopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#members = SERVICES.flatMap((service) =>
      Array.from({ length: options.members }, () => ({
        service,
        child: undefined,
        ready: false,
        paused: false,
        freezes: [],
        deaths: 0,
        takeovers: new Map(),
      })),
    );
    for (const member of this.#members) this.#start(member);
  }

  get ready(): boolean {
    return this.#members.every((member) => member.ready);
  }

  get asked(): number {
    return this.#asked.size;
  }

  /** Deaths and takeovers of a service. */
  mortality(service: string): Takeovers & { readonly deaths: number } {
    const sum = { processes: 0, events: 0, deliveries: 0, lost: 0, deaths: 0 };
    for (const member of this.#members) {
      if (member.service !== service) continue;
      sum.deaths += member.deaths;
      for (const { processes, events, deliveries, lost } of member.takeovers.values()) {
        sum.processes += processes;
        sum.events += events;
        sum.deliveries += deliveries;
        sum.lost += lost;
      }
    }
    return sum;
  }

  place(orders: readonly Order[]): void {
    for (const order of orders) this.#asked.set(order.orderId, order);
    this.#send(orders);
  }

  /** Asks again for what was not answered, of any process of the order service. */
  repeat(): void {
    this.#send([...this.#asked.values()].slice(0, 500));
  }

  /** kill -9 of one process. */
  kill(random: () => number): void {
    this.#pick(random)?.child?.kill("SIGKILL");
  }

  /**
   * Freezes one process for `ms`: longer than its lease, others take over its work. One that ran
   * again less than `restMs` ago is spared.
   */
  async pause(random: () => number, ms: number, restMs = 0): Promise<void> {
    const member = this.#pick(random, Date.now() - restMs);
    if (member?.child === undefined) return;
    const { child } = member;
    member.paused = true;
    const from = Date.now();
    child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill("SIGCONT");
    member.freezes.push({ from, to: Date.now() });
    member.paused = false;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#members.map(async ({ child }) => {
        if (child === undefined) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
        await gone;
        clearTimeout(timer);
      }),
    );
  }

  #send(orders: readonly Order[]): void {
    const shops = this.#members.filter(
      ({ service, ready, paused }) => service === "order" && ready && !paused,
    );
    const shop = shops[Math.floor(Math.random() * shops.length)];
    if (shop?.child?.connected === true && orders.length > 0) shop.child.send(orders, () => {});
  }

  #pick(random: () => number, since = Number.POSITIVE_INFINITY): Member | undefined {
    const running = this.#members.filter(
      ({ ready, paused, freezes }) => ready && !paused && (freezes.at(-1)?.to ?? 0) <= since,
    );
    return running[Math.floor(random() * running.length)];
  }

  #start(member: Member): void {
    const { store, bus, data, environment } = this.#options;
    const flags = [
      "--conditions=odori-source",
      "--disable-warning=ExperimentalWarning",
      WORKER,
      member.service,
      store,
      bus,
      data,
    ];
    const { service, freezes } = member;
    const child = spawn(process.execPath, flags, {
      stdio: [
        "ignore",
        "ignore",
        process.env.CHAOS_LOG === undefined ? "ignore" : "inherit",
        "ipc",
      ],
      env: { ...process.env, ...environment },
    });
    member.child = child;
    const pid = child.pid ?? 0;
    child.on("message", (message: Message) => {
      if (message.health !== undefined) this.health.push({ service, freezes, ...message.health });
      if (message.takeover !== undefined) member.takeovers.set(pid, message.takeover);
      if (message.ready === true) member.ready = true;
      if (message.placed !== undefined && this.#asked.delete(message.placed))
        this.placed.add(message.placed);
    });
    child.on("error", () => {});
    child.once("exit", (code) => {
      if (code !== 0) member.deaths++;
      member.child = undefined;
      member.ready = false;
      if (!this.#stopping) setTimeout(() => !this.#stopping && this.#start(member), RESTART_MS);
    });
  }
}
