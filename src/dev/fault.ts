import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { CRASH_POINTS, type CrashPoint } from "../runtime/crash-points.ts";

/** Where a fault strikes: deliveries to a service; of one event or to one reaction with `at`. */
export interface FaultPlace {
  readonly service: string;
  /** An event type, or the name of a reaction. Undefined: every one. */
  readonly at?: string | undefined;
}

/**
 * A fault that is set on purpose.
 *
 * - `throw`  the handler throws, `times` times
 * - `park`   the handler gives up, `times` times: the delivery is parked at once
 * - `delay`  the bus takes `ms` milliseconds longer
 * - `twice`  the bus delivers each message twice
 * - `hold`   the bus keeps messages until they are released
 * - `kill`   the process dies at a crash point, once
 */
export type DevFault =
  | ({ readonly kind: "throw" | "park"; readonly times: number } & FaultPlace)
  | ({ readonly kind: "delay"; readonly ms: number } & FaultPlace)
  | ({ readonly kind: "twice" } & FaultPlace)
  | ({ readonly kind: "hold" } & FaultPlace)
  | { readonly kind: "kill"; readonly service: string; readonly point: CrashPoint };

const TIMES_MAX = 1_000_000;
const DELAY_MAX_MS = 3_600_000;
const FAULT_KINDS = "throw, park, delay, twice, hold or kill";

/** Reads a fault that came as data, such as JSON from a page. Throws `FAULT_INVALID`. */
export function readFault(value: unknown): DevFault {
  const members = new Map<string, unknown>(
    typeof value === "object" && value !== null ? Object.entries(value) : [],
  );
  const service = text(members, "service");
  if (service === undefined) throw invalid("it names no service", "Say where: payment.");
  const place = { service, at: text(members, "at") };
  const kind = members.get("kind");
  switch (kind) {
    case "throw":
    case "park":
      return { kind, ...place, times: whole(members, "times", TIMES_MAX, 1) };
    case "delay":
      return { kind: "delay", ...place, ms: whole(members, "ms", DELAY_MAX_MS, 1_000) };
    case "twice":
      return { kind: "twice", ...place };
    case "hold":
      return { kind: "hold", ...place };
    case "kill":
      return { kind: "kill", service, point: pointOf(members.get("point")) };
    default:
      throw invalid(`its kind is ${quote(kind)}`, `Use ${FAULT_KINDS}.`);
  }
}

/** Whether a fault strikes a handler, and not a message on its way. */
export function strikesHandler(
  fault: DevFault,
): fault is Extract<DevFault, { readonly times: number }> {
  return fault.kind === "throw" || fault.kind === "park";
}

/** A fault in words, as the terminal takes it. */
export function faultText(fault: DevFault): string {
  if (fault.kind === "kill") return `kill ${fault.service} ${fault.point}`;
  const { kind, service, at } = fault;
  const place = at === undefined ? service : `${service}/${at}`;
  if (strikesHandler(fault)) return `${kind} ${place} ${fault.times}`;
  return kind === "delay" ? `delay ${place} ${fault.ms}ms` : `${kind} ${place}`;
}

function text(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = members.get(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function whole(
  members: ReadonlyMap<string, unknown>,
  name: string,
  most: number,
  usual: number,
): number {
  const value = members.get(name) ?? usual;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value <= most)
    return value;
  throw invalid(`${name} is ${quote(value)}`, `Use a whole number from 1 to ${most}.`);
}

function pointOf(value: unknown): CrashPoint {
  const point = CRASH_POINTS.find((one) => one === value);
  if (point !== undefined) return point;
  throw invalid(`${quote(value)} is not a crash point`, `Use ${CRASH_POINTS.join(", ")}.`);
}

function invalid(what: string, hint: string): OdoriError {
  return new OdoriError("FAULT_INVALID", `This is not a fault: ${what}.`, { hint });
}
