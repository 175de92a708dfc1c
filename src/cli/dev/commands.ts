import { parseDuration } from "../../contract/duration.ts";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import type { DevControl } from "../../dev/control.ts";
import { type DevFault, faultText } from "../../dev/fault.ts";
import { formLines, sagaLines } from "./lines.ts";

/** What a person may write, for the help and for a line that is none of it. */
export const DEV_COMMANDS = `begin                        what begins a saga, and its payload
begin [type] <json>          begin a saga; the type is needed where several begin one
again                        the same again, as another saga
sagas                        where the last sagas stand
fault throw <where> [times]  its handler throws (once)
fault park <where> [times]   its handler gives up (once): the delivery is parked
fault delay <where> [time]   its messages come later (1s)
fault twice <where>          each of its messages comes twice
fault hold <where>           its messages are kept until "clear"
fault kill <service> <point> the process dies at a crash point, and starts again
faults                       the faults that are set
clear                        no faults any more; what is held comes
quit                         stop

<where> is a service, or one event or reaction of it: payment, payment/order.placed
<point> is one of received, opened, looked_up, handled, written, committed, acknowledged, published,
confirmed`;

const SAGAS_MAX = 20;

/**
 * Does what a line says, and returns what to print. Rejects with `USAGE`, and as the methods of
 * `DevControl` do.
 */
export async function performLine(control: DevControl, line: string): Promise<readonly string[]> {
  const [verb = "", ...words] = line.trim().split(/\s+/);
  switch (verb) {
    case "":
      return [];
    case "begin":
      return words.length === 0
        ? formLines(await control.forms())
        : begun(await control.begin(beginningOf(line.trim().slice(verb.length).trim())));
    case "again":
      return begun(await control.again());
    case "sagas":
      return sagaLines(await control.sagas(SAGAS_MAX));
    case "fault":
      return faultLines(await control.fault(faultFrom(words)));
    case "faults":
      return faultLines(await control.faults());
    case "clear":
      return faultLines(await control.clear());
    case "help":
      return DEV_COMMANDS.split("\n");
    default:
      throw new OdoriError("USAGE", `${quote(verb)} is not a command.`, {
        hint: "Write help.",
      });
  }
}

function begun({ sagaId, begun }: Awaited<ReturnType<DevControl["begin"]>>): readonly string[] {
  return begun ? [] : [`${sagaId} was begun before: nothing was done.`];
}

/** `order.placed.v1 {"orderId":"o-1"}`; the payload begins where the type ends. */
function beginningOf(text: string): Parameters<DevControl["begin"]>[0] {
  const [, type, json = ""] = /^([a-z][\w.-]*)?\s*([\s\S]*)$/.exec(text) ?? [];
  const literal = type !== undefined && json === "" && /^(true|false|null)$/.test(type);
  const payload = literal ? type : json === "" ? "{}" : json;
  try {
    return { type: literal ? undefined : type, payload: JSON.parse(payload) };
  } catch (cause) {
    throw new OdoriError("USAGE", `The payload is not JSON: ${messageOf(cause)}.`, {
      cause,
      hint: 'Write begin order.placed.v1 {"orderId":"o-1"}.',
    });
  }
}

/** The words behind `fault` as data; `readFault` says what is wrong with them. */
function faultFrom([kind, where = "", more]: readonly string[]): unknown {
  const [service, ...rest] = where.split("/");
  const place = { kind, service, at: rest.join("/") };
  if (kind === "throw" || kind === "park")
    return { ...place, times: more === undefined ? 1 : Number(more) };
  if (kind === "delay") return { ...place, ms: parseDuration(more ?? "1s") };
  return kind === "kill" ? { kind, service, point: more } : place;
}

function faultLines(faults: readonly DevFault[]): readonly string[] {
  return faults.length === 0 ? ["No faults."] : faults.map((fault) => `fault ${faultText(fault)}`);
}
