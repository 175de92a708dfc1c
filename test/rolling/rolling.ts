import type { Databases } from "../../examples/order/database.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet, type FleetOptions, SERVICES, type ServiceName, type Version } from "./fleet.ts";
import { judge, type Verdict } from "./oracle.ts";

/** Orders on their way at a time, and how many are asked for together. */
const OPEN_MAX = 30;
const BATCH = 4;
/** What a process has to do before the next step, as a number of deeds. */
const SHARE = 5;
/** The services that are rolled back. */
const BACK: readonly ServiceName[] = ["order", "payment", "inventory"];
const STEP_LIMIT_MS = 30_000;
const END_LIMIT_MS = 40_000;
const PAUSE_MS = 70;

export interface RollingResult extends Verdict {
  /** `unknown` of the health of each service at the end. */
  readonly unknown: Readonly<Record<string, unknown>>;
}

/** Plays a deployment of all services, a rollback, and a second deployment, under load. */
export class Rolling {
  readonly #fleet: Fleet;
  readonly #databases: Databases;
  readonly #prefix: string;
  #loading = true;

  constructor(options: FleetOptions, databases: Databases) {
    this.#fleet = new Fleet(options);
    this.#databases = databases;
    this.#prefix = options.store === "sqlite" ? "odori_" : "";
  }

  async play(): Promise<RollingResult> {
    const fleet = this.#fleet;
    const stuck: string[] = [];
    await Promise.all(SERVICES.map((service) => fleet.start(service, "1")));
    const load = this.#load();
    await this.#deploy().catch((error: unknown) => stuck.push(String(error)));
    this.#loading = false;
    await load;
    const nothingLeft = eventually("nothing is left", () => this.#left(), [], END_LIMIT_MS);
    await nothingLeft.catch((error: unknown) => stuck.push(String(error)));
    const unknown = await this.#unknown();
    await Promise.all(SERVICES.map((service) => fleet.stop(service, "2")));
    const verdict = await judge(this.#databases, fleet.placed, this.#prefix);
    return { ...verdict, violations: [...stuck, ...verdict.violations], unknown };
  }

  async #deploy(): Promise<void> {
    await this.#ended(15);
    // A consumer first, then the producer of payments, then the producer of orders: shipping hears
    // the orders of a newer producer.
    for (const service of ["inventory", "payment", "order", "shipping"] as const)
      await this.#replace([service], "1", "2", service === "payment" ? "2" : undefined);
    await this.#ended(15);
    // A producer and a consumer go back, and then to the second version again.
    await this.#replace(BACK, "2", "1");
    await this.#ended(15);
    await this.#replace(BACK, "1", "2");
    await this.#ended(15);
  }

  stop(): Promise<void> {
    return this.#fleet.stopAll();
  }

  /**
   * Starts a process of the other version beside the one that runs, and ends that one when both
   * have worked side by side. The one of version `killed` is killed on the way, and starts again.
   */
  async #replace(
    services: readonly ServiceName[],
    from: Version,
    to: Version,
    killed?: Version,
  ): Promise<void> {
    const fleet = this.#fleet;
    await Promise.all(services.map((service) => fleet.start(service, to)));
    await Promise.all(services.map((service) => this.#bothWork(service)));
    if (killed !== undefined)
      for (const service of services) {
        await Promise.all(fleet.of(service, killed).map((member) => member.kill()));
        await fleet.start(service, killed);
        await this.#bothWork(service);
      }
    await Promise.all(services.map((service) => fleet.stop(service, from)));
  }

  async #bothWork(service: ServiceName): Promise<void> {
    const before = await this.#deeds(service);
    const share = ({ 1: one, 2: two }: Record<Version, number>) =>
      one >= before[1] + SHARE && two >= before[2] + SHARE;
    const what = `both versions of ${service} work`;
    await eventually(what, () => this.#deeds(service), share, STEP_LIMIT_MS);
  }

  /** How many deeds each version has done. */
  async #deeds(service: ServiceName): Promise<Record<Version, number>> {
    const rows = await this.#databases.read(
      service,
      "SELECT version, count(*) AS n FROM deeds GROUP BY version",
    );
    const of = (version: Version) => Number(rows.find((row) => row.version === version)?.n ?? 0);
    return { 1: of("1"), 2: of("2") };
  }

  /** Waits until `count` more orders have ended. */
  async #ended(count: number): Promise<void> {
    const before = await this.#endings();
    await eventually(
      `${count} more orders have ended`,
      () => this.#endings(),
      (now) => now >= before + count,
      STEP_LIMIT_MS,
    );
  }

  async #endings(): Promise<number> {
    const statement = "SELECT count(*) AS n FROM deeds WHERE deed IN ('completed', 'cancelled')";
    return Number((await this.#databases.read("order", statement))[0]?.n);
  }

  async #load(): Promise<void> {
    const { placed } = this.#fleet;
    for (let round = 0; this.#loading; round++) {
      const open = placed.size + this.#fleet.unanswered - (await this.#endings());
      if (open < OPEN_MAX) this.#fleet.place(BATCH);
      else if (round % 10 === 0) this.#fleet.repeat();
      // The timer is the load: the rate at which orders come.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Reads what is not at its end. */
  async #left(): Promise<readonly string[]> {
    const fleet = this.#fleet;
    if (fleet.unanswered > 0) fleet.repeat();
    const open = fleet.placed.size + fleet.unanswered - (await this.#endings());
    const left = open > 0 ? [`${open} orders`] : [];
    for (const service of SERVICES) {
      const [row] = await this.#databases.read(
        service,
        `SELECT (SELECT count(*) FROM ${this.#prefix}outbox) + (SELECT count(*)
           FROM ${this.#prefix}deferred WHERE state NOT IN ('parked', 'gathered')) AS n`,
      );
      if (Number(row?.n) > 0) left.push(`${row?.n} rows of ${service}`);
    }
    return left;
  }

  async #unknown(): Promise<RollingResult["unknown"]> {
    const members = this.#fleet.running;
    for (const member of members) member.tell({ health: true });
    await eventually("each process says its health", () =>
      members.every(({ unknown }) => unknown !== undefined),
    );
    return Object.fromEntries(members.map(({ service, unknown }) => [service, unknown]));
  }
}
