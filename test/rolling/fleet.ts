import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import type { Ask, Reply } from "./messages.ts";
import { type Order, orderOf } from "./orders.ts";

export const SERVICES = ["order", "payment", "inventory", "shipping"] as const;
export type ServiceName = (typeof SERVICES)[number];
export type Version = "1" | "2";

export interface FleetOptions {
  readonly store: "sqlite" | "postgres";
  readonly data: string;
  /** Stream of the bus, and its prefix. */
  readonly stream: string;
  readonly environment: Readonly<Record<string, string>>;
}

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
const READY_LIMIT_MS = 30_000;
/** A process that SIGTERM does not end within this time is killed. */
const STOP_LIMIT_MS = 8_000;

/** One process of one service. */
export class Member {
  readonly service: ServiceName;
  readonly version: Version;
  ready = false;
  /** Whether it was told to end. */
  leaving = false;
  /** `unknown` of its health, as it was said last. */
  unknown: Reply["unknown"];
  /** What it has written to stderr. */
  errors = "";
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(service: ServiceName, version: Version, options: FleetOptions) {
    this.service = service;
    this.version = version;
    const { store, data, stream, environment } = options;
    this.#child = spawn(
      process.execPath,
      [
        "--conditions=odori-source",
        "--disable-warning=ExperimentalWarning",
        ...[WORKER, service, version, store, data, stream],
      ],
      { stdio: ["ignore", "ignore", "pipe", "ipc"], env: { ...process.env, ...environment } },
    );
    this.#child.stderr?.on("data", (chunk) => {
      this.errors += chunk;
    });
    this.#child.on("error", () => {});
    this.#gone = new Promise((resolve) => {
      this.#child.once("exit", () => {
        this.ready = false;
        resolve();
      });
    });
  }

  hear(listener: (reply: Reply) => void): void {
    this.#child.on("message", listener);
  }

  tell(ask: Ask): void {
    if (this.#child.connected) this.#child.send(ask, () => {});
  }

  async kill(): Promise<void> {
    this.leaving = true;
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  /** Resolves to whether it ended by itself. */
  async stop(): Promise<boolean> {
    this.leaving = true;
    this.#child.kill("SIGTERM");
    let killed = false;
    const timer = setTimeout(() => {
      killed = this.#child.kill("SIGKILL");
    }, STOP_LIMIT_MS);
    await this.#gone;
    clearTimeout(timer);
    return !killed;
  }

  /** The exit code or the signal; undefined while it runs. */
  get ended(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined;
  }
}

/** The processes of all services, and the orders that they were asked for. */
export class Fleet {
  readonly placed = new Set<string>();
  readonly #options: FleetOptions;
  readonly #members: Member[] = [];
  readonly #asked = new Map<string, Order>();
  #next = 1;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get running(): readonly Member[] {
    return this.#members.filter(({ ready, leaving }) => ready && !leaving);
  }

  get unanswered(): number {
    return this.#asked.size;
  }

  of(service: ServiceName, version: Version): readonly Member[] {
    return this.running.filter((one) => one.service === service && one.version === version);
  }

  /** Resolves once the process is ready. */
  async start(service: ServiceName, version: Version): Promise<Member> {
    const member = new Member(service, version, this.#options);
    this.#members.push(member);
    member.hear(({ ready, placed, unknown }) => {
      if (ready === true) member.ready = true;
      if (placed !== undefined && this.#asked.delete(placed)) this.placed.add(placed);
      if (unknown !== undefined) member.unknown = unknown;
    });
    await eventually(
      `${service} runs in version ${version}`,
      () => member.ready || (member.ended === undefined ? undefined : member.errors),
      (seen) => seen !== undefined,
      READY_LIMIT_MS,
    );
    if (!member.ready) throw new Error(`${service}, version ${version}: ${member.errors}`);
    return member;
  }

  async stop(service: ServiceName, version: Version): Promise<void> {
    await Promise.all(this.of(service, version).map((member) => member.stop()));
  }

  /** Ends each process, one that is still starting as well. */
  async stopAll(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.ended ?? member.stop()));
  }

  /** Asks for the next `count` orders. */
  place(count: number): void {
    for (let one = 0; one < count; one++) {
      const order = orderOf(this.#next++);
      this.#asked.set(order.orderId, order);
    }
    this.repeat();
  }

  /** Asks for what was not answered, of every process of the order service in turn. */
  repeat(): void {
    const shops = this.running.filter(({ service }) => service === "order");
    for (const [turn, shop] of shops.entries()) {
      const place = [...this.#asked.values()].filter((_, i) => i % shops.length === turn);
      if (place.length > 0) shop.tell({ place });
    }
  }
}
