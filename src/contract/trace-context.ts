/**
 * The place of an event in a distributed trace, as in W3C Trace Context: what the attributes
 * `traceparent` and `tracestate` of an event hold.
 *
 * @example
 * ```ts
 * import type { TraceContext } from "odori";
 *
 * const trace: TraceContext = {
 *   traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
 *   tracestate: "vendor=value",
 * };
 * ```
 */
export interface TraceContext {
  /** Version, trace id, span id and flags. */
  readonly traceparent: string;
  /** What tracing systems add, as a list of `key=value`. */
  readonly tracestate?: string | undefined;
}

/** Longest `traceparent`, in characters. Version 00 has 55, and a later one may add fields. */
const PARENT_MAX_CHARS = 256;
/** What W3C Trace Context, 3.3.1.5, asks to be passed on. */
const STATE_MAX_CHARS = 512;
/** Members above this length are the first to go, in characters: 3.3.1.5. */
const LARGE_CHARS = 128;
const MEMBERS_MAX = 32;

const PARENT = new RegExp(
  [
    "^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}",
    "-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}",
    "(-[\\u0021-\\u007e]*)?$",
  ].join(""),
);
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/**
 * Reads the trace of a message from outside. A `traceparent` outside the grammar is left out, and
 * `tracestate` with it: the specification asks for a new trace then. An event is not refused for a
 * broken trace.
 */
export function readTrace(traceparent: unknown, tracestate: unknown): Partial<TraceContext> {
  if (!isTraceparent(traceparent)) return {};
  return { traceparent, tracestate: readTracestate(tracestate) };
}

function isTraceparent(value: unknown): value is string {
  if (typeof value !== "string" || value.length > PARENT_MAX_CHARS) return false;
  const [, version, more] = PARENT.exec(value) ?? [];
  return version !== undefined && (more === undefined || version !== "00");
}

function readTracestate(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const members = value.split(",", MEMBERS_MAX * 2).flatMap((text) => text.trim() || []);
  if (members.length === 0 || members.length > MEMBERS_MAX) return undefined;
  if (!members.every((member) => MEMBER.test(member))) return undefined;
  return shortened(members);
}

/** Leaves out whole members until the rest is short enough: large ones, then the last ones. */
function shortened(members: readonly string[]): string | undefined {
  const fits = (list: readonly string[]) => list.join(",").length <= STATE_MAX_CHARS;
  const rest = fits(members) ? [...members] : members.filter((one) => one.length <= LARGE_CHARS);
  while (!fits(rest)) rest.pop();
  return rest.length === 0 ? undefined : rest.join(",");
}
