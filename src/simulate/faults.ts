import { messageOf } from "../contract/errors.ts";
import type { CrashPoint } from "../runtime/crash-points.ts";
import type { Decisions, Site, Sites } from "./decisions.ts";
import type { FaultKind, Temper } from "./temper.ts";

/** What happens to a handler: nothing, or it fails before its work, after it, or for good. */
export type HandlerFate = "runs" | "fails first" | "fails last" | "gives up";

const FATES: readonly HandlerFate[] = ["runs", "fails first", "fails last", "gives up"];

/** The messages of handlers that fail because the run has decided so. */
export const INJECTED = {
  "fails first": "The simulated handler fails at once.",
  "fails last": "The simulated handler fails after its work.",
  "gives up": "The simulated handler fails for good.",
} as const satisfies Readonly<Record<Exclude<HandlerFate, "runs">, string>>;

/** Whether a handler has failed because the run has decided so. */
export function isInjected(error: unknown): boolean {
  const message = messageOf(error);
  return Object.values(INJECTED).some((injected) => injected === message);
}

/** What the fate of a handler depends on. */
export interface HandlerFateOptions {
  readonly site: Site;
  readonly mayGiveUp: boolean;
  /** Whether it failed in the saga that is played again. */
  readonly recorded: boolean | undefined;
}

/** What becomes of a call to another system. */
export type CallFate = "answered" | "unreachable" | "answer lost";

const CALL_FATES: readonly CallFate[] = ["answered", "unreachable", "answer lost"];

const SKEWS_MS = [0, 5_000, -5_000, 3_600_000];

/** Decides which faults happen in one run, and tells of each. */
export class Faults {
  readonly #decisions: Decisions;
  readonly #sites: Sites;
  readonly #temper: Temper;
  readonly #counts = new Map<FaultKind, number>();
  /** Takes a sentence about each fault. */
  readonly #tell: (fault: string) => void;

  constructor(
    { decisions, sites }: { readonly decisions: Decisions; readonly sites: Sites },
    temper: Temper,
    tell: (fault: string) => void,
  ) {
    this.#decisions = decisions;
    this.#sites = sites;
    this.#temper = temper;
    this.#tell = tell;
  }

  /** Whether a process dies now. */
  crashes(process: string, point: CrashPoint, site: Site): boolean {
    if (!this.#happens("crash", site)) return false;
    this.#tell(`${process} crashes: ${POINTS[point]}`);
    return true;
  }

  /** Whether a message comes once more. */
  repeats(group: string, type: string, site: Site): boolean {
    if (!this.#happens("copy", site)) return false;
    this.#tell(`${type} will come to ${group} once more`);
    return true;
  }

  /** Whether the acknowledgement of a message gets lost. */
  losesAck(group: string, type: string, site: Site): boolean {
    if (!this.#happens("ack", site)) return false;
    this.#tell(`${group} acknowledges ${type}, and the bus does not hear of it`);
    return true;
  }

  /** Whether the bus takes nothing. */
  refuses(process: string, site: Site): boolean {
    if (!this.#happens("publish", site)) return false;
    this.#tell(`the bus takes nothing from ${process}`);
    return true;
  }

  /** Whether the reply of the bus gets lost. */
  losesReply(process: string, site: Site): boolean {
    if (!this.#happens("publish", site)) return false;
    this.#tell(`the bus takes what ${process} publishes, and its reply is lost`);
    return true;
  }

  /** Whether the database is away. */
  isAway(process: string, when: "opens" | "commits", site: Site): boolean {
    if (!this.#happens("store", site)) return false;
    this.#tell(`${process} ${when} a transaction, and its database is away`);
    return true;
  }

  /** Whether the lease of a process ends though it lives. */
  endsLease(process: string, site: Site): boolean {
    if (!this.#happens("lease", site)) return false;
    this.#tell(`the lease of ${process} ends, and it still runs`);
    return true;
  }

  /** What becomes of a handler. */
  handler(service: string, options: HandlerFateOptions): HandlerFate {
    const { mayGiveUp, recorded, site } = options;
    const { poison } = this.#temper;
    const ways = mayGiveUp ? FATES.length : FATES.length - 1;
    const fate =
      recorded === undefined
        ? this.#fate("handler", site, ways, (random) =>
            mayGiveUp && random() < poison ? 3 : 1 + Math.floor(random() * 2),
          )
        : this.#decisions.take(site, ways, recorded ? FATES.indexOf("fails last") : 0);
    if (fate === 1) this.#tell(`a handler of ${service} fails at once`);
    if (fate === 2) this.#tell(`a handler of ${service} fails after its work`);
    if (fate === 3) this.#tell(`a handler of ${service} fails for good`);
    return FATES[fate] ?? "runs";
  }

  call(system: string): CallFate {
    const fate = this.#fate(
      "handler",
      this.#sites.of(`answer ${system}`),
      3,
      (random) => 1 + Math.floor(random() * 2),
    );
    if (fate === 1) this.#tell(`${system} cannot be reached`);
    if (fate === 2) this.#tell(`${system} does it, and its answer is lost`);
    return CALL_FATES[fate] ?? "answered";
  }

  /** By how many milliseconds the clock of a service is wrong. */
  skewMs(service: string, site: Site): number {
    const { skew } = this.#temper;
    if (skew === 0) return 0;
    const { random } = this.#decisions;
    const way = this.#decisions.decide(site, SKEWS_MS.length, () =>
      random() < skew ? 1 + Math.floor(random() * (SKEWS_MS.length - 1)) : 0,
    );
    const ms = SKEWS_MS[way] ?? 0;
    if (ms !== 0)
      this.#tell(
        `the clock of ${service} is ${Math.abs(ms) / 1_000} s ${ms > 0 ? "fast" : "slow"}`,
      );
    return ms;
  }

  #happens(kind: FaultKind, site: Site): boolean {
    const { rate, max } = this.#temper.faults[kind];
    if (rate === 0 && !this.#decisions.repeats) return false;
    const count = this.#counts.get(kind) ?? 0;
    if (count >= max || !this.#decisions.chance(site, rate)) return false;
    this.#counts.set(kind, count + 1);
    return true;
  }

  #fate(kind: FaultKind, site: Site, ways: number, draw: (random: () => number) => number): number {
    const { rate, max } = this.#temper.faults[kind];
    const count = this.#counts.get(kind) ?? 0;
    if (count >= max || (rate === 0 && !this.#decisions.repeats)) return 0;
    const { random } = this.#decisions;
    const fate = this.#decisions.decide(site, ways, () => (random() < rate ? draw(random) : 0));
    if (fate !== 0) this.#counts.set(kind, count + 1);
    return fate;
  }
}

const POINTS: Readonly<Record<CrashPoint, string>> = {
  received: "a message has come",
  opened: "its transaction is open",
  looked_up: "inbox and fence are looked up",
  handled: "a handler has returned, nothing is committed",
  written: "all is written, nothing is committed",
  committed: "it has committed, nothing is published",
  acknowledged: "it has committed, and acknowledged",
  published: "the bus has its events, their outbox rows still exist",
  confirmed: "the outbox rows are deleted",
};
