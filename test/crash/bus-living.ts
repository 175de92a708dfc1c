import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";

/** What a test tells a member. */
export interface MemberOrder {
  /** Its event loop stands still until this file exists. */
  readonly stall?: string;
  /** Its deliveries end, now and from now on. */
  readonly end?: boolean;
}

/** What a member tells its test. */
export interface MemberReport {
  readonly ready?: boolean;
  readonly stalls?: boolean;
  /** The id of an event. */
  readonly delivered?: string;
}

const CHILD = fileURLToPath(new URL("bus-living-child.ts", import.meta.url));
/** A busy machine needs its time. */
const LIMIT_MS = 120_000;

/** A member of the bus in a process of its own. */
export class LivingMember implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #reports: MemberReport[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (report: MemberReport) => void this.#reports.push(report));
  }

  static async start(url: string, schema: string, group: string, topic: string) {
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
    const member = new LivingMember(
      spawn(process.execPath, [...flags, CHILD, url, schema, group, topic], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      }),
    );
    await member.until("it is ready", ({ ready }) => ready === true);
    return member;
  }

  get delivered(): readonly string[] {
    return this.#reports.flatMap(({ delivered }) => delivered ?? []);
  }

  tell(order: MemberOrder): void {
    this.#child.send(order);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async until(what: string, holds: (report: MemberReport) => boolean): Promise<void> {
    await eventually(what, () => this.#reports.some(holds), true, LIMIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.kill();
    await gone;
  }
}
