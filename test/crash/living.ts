import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Health } from "odori";
import { eventually } from "../support/eventually.ts";

/** What a test tells a process. */
export interface Order {
  readonly begin?: readonly string[];
  /** Its event loop stands still until this file exists. */
  readonly stall?: string;
  /** The bus accepts what is published, from now on. */
  readonly accept?: boolean;
}

/** What a process tells its test. */
export interface Report {
  readonly ready?: boolean;
  readonly begun?: boolean;
  readonly stalls?: boolean;
  readonly published?: readonly string[];
  /** How often it has looked at the others. */
  readonly looks?: number;
  readonly health?: Pick<Health, "takenOver" | "lost"> & { readonly outbox: number | undefined };
}

const CHILD = fileURLToPath(new URL("living-child.ts", import.meta.url));
/** A busy machine needs its time. */
const LIMIT_MS = 120_000;

/** A process of the service, as its test sees it. */
export class Living implements AsyncDisposable {
  readonly #child: ChildProcess;
  #report: Report = {};
  /** The sagas whose event it gave to the bus, with each call. */
  readonly published: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (report: Report) => {
      this.published.push(...(report.published ?? []));
      this.#report = { ...this.#report, ...report };
    });
  }

  static async start(place: string, schema: string, leaseMs?: number): Promise<Living> {
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
    const values = [place, schema, leaseMs === undefined ? "" : String(leaseMs)];
    const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
    const living = new Living(
      spawn(process.execPath, [...flags, CHILD, ...values], { stdio: [...stdio] }),
    );
    await living.until("it is ready", ({ ready }) => ready === true);
    return living;
  }

  get health(): Report["health"] {
    return this.#report.health;
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  async until(what: string, holds: (report: Report) => boolean): Promise<void> {
    await eventually(what, () => holds(this.#report), true, LIMIT_MS);
  }

  /** Waits until it has looked at the others `times` times more. */
  async looks(times: number): Promise<void> {
    const before = this.#report.looks ?? 0;
    await this.until(`${times} looks`, ({ looks = 0 }) => looks >= before + times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}
