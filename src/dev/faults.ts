import { OdoriError, PermanentError } from "../contract/errors.ts";
import { stemOf } from "../contract/grammar.ts";
import type { CrashPoint } from "../runtime/crash-points.ts";
import { type DevFault, type FaultPlace, strikesHandler } from "./fault.ts";

const FAULTS_MAX = 100;

/** A held message. */
interface Held {
  release(): void;
  refuse(error: OdoriError): void;
}

/** The faults that are set, and the messages that they hold. */
export class DevFaults {
  #list: readonly DevFault[] = [];
  readonly #held = new Set<Held>();
  #stopped: OdoriError | undefined;

  get list(): readonly DevFault[] {
    return this.#list;
  }

  /** Adds a fault. Throws `FAULT_INVALID` where there are too many. */
  add(fault: DevFault): void {
    if (this.#list.length >= FAULTS_MAX)
      throw new OdoriError("FAULT_INVALID", `There are ${FAULTS_MAX} faults already.`, {
        hint: "Clear them first.",
      });
    this.#list = [...this.#list, fault];
  }

  /** Removes all faults, and lets go of held messages. */
  clear(): void {
    this.#list = [];
    for (const { release } of this.#held) release();
    this.#held.clear();
  }

  /** Gives held messages back to the bus, and holds no other: the next start delivers them. */
  stop(): void {
    this.#stopped = new OdoriError("STOPPED", "The services are stopping.");
    for (const { refuse } of this.#held) refuse(this.#stopped);
    this.#held.clear();
  }

  /** Throws if a fault says so for a handler, which then counts as used. */
  beforeHandler(service: string, reaction: string, types: readonly string[]): void {
    const fault = this.#list.find(
      (one) => strikesHandler(one) && strikes(one, service, [reaction, ...types]),
    );
    if (fault === undefined || !strikesHandler(fault)) return;
    const { kind, times } = fault;
    this.#list = this.#list.flatMap((one) => {
      if (one !== fault) return [one];
      return times > 1 ? [{ ...fault, times: times - 1 }] : [];
    });
    if (kind === "park")
      throw new PermanentError(`A fault was set for ${service}: ${reaction} gives up.`);
    throw new OdoriError("FAULT_INJECTED", `A fault was set for ${service}: ${reaction} throws.`);
  }

  /** Dies if a fault says so for this crash point. */
  at(service: string, point: CrashPoint): void {
    const dies = this.#list.some(
      (one) => one.kind === "kill" && one.service === service && one.point === point,
    );
    if (dies) process.kill(process.pid, "SIGKILL");
  }

  /** What happens to a message on its way to a service. */
  onTheWay(service: string, type: string): { readonly delayMs: number; readonly twice: boolean } {
    const struck = this.#list.filter((one) => one.kind !== "kill" && strikes(one, service, [type]));
    const delays = struck.map((one) => (one.kind === "delay" ? one.ms : 0));
    return {
      delayMs: delays.reduce((sum, ms) => sum + ms, 0),
      twice: struck.some(({ kind }) => kind === "twice"),
    };
  }

  /** Resolves at once, or when the message is released. Rejects once it is given back. */
  async held(service: string, type: string): Promise<void> {
    const holds = () =>
      this.#list.some((one) => one.kind === "hold" && strikes(one, service, [type]));
    if (!holds()) return;
    if (this.#stopped !== undefined) throw this.#stopped;
    await new Promise<void>((release, refuse) => this.#held.add({ release, refuse }));
  }
}

/** An event may be named without its version. */
function strikes(place: FaultPlace, service: string, names: readonly string[]): boolean {
  const { at } = place;
  if (place.service !== service) return false;
  return at === undefined || names.some((name) => name === at || stemOf(name) === at);
}
