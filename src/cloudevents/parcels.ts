import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { isUnanswered } from "../ports/connection.ts";
import type { Binding } from "./binding.ts";
import { encodeJson, WIRE_MAX_BYTES } from "./json.ts";
import { encodeMessage } from "./message.ts";

/** Most events of one batch. Its bytes are at most those of an event: each broker takes them. */
const EVENTS_MAX = 100;

/** Which events may share a message. */
export interface Packing {
  /** `"batch"`: events of one type that are published together travel together. */
  readonly mode: "binary" | "batch";
  /** Types whose events always travel alone. */
  readonly single: ReadonlySet<string>;
}

const MODES = ["binary", "batch"] as const;

/** Reads the options of a bus; throws `OPTION_INVALID` for an unknown mode. */
export function packingFrom(options: {
  readonly mode?: Packing["mode"] | undefined;
  readonly single?: readonly string[] | undefined;
}): Packing {
  const { mode = "binary", single = [] } = options;
  if (!MODES.includes(mode))
    throw new OdoriError("OPTION_INVALID", `mode is ${quote(mode)}.`, {
      hint: 'Write "binary" or "batch".',
    });
  return { mode, single: new Set(single) };
}

/** What travels as one message: an event alone, or a batch of one type. */
export type Parcel = { readonly type: string } & (
  | { readonly event: EventEnvelope; readonly batch?: undefined }
  /** Events in the JSON batch format of CloudEvents. */
  | { readonly batch: string }
);

/** Writes a parcel as a message: an event in binary mode, or a batch. */
export function encodeParcel(binding: Binding, parcel: Parcel): ReturnType<typeof encodeMessage> {
  if (parcel.batch === undefined) return encodeMessage(binding, parcel.event);
  const headers = new Map([["content-type", "application/cloudevents-batch+json"]]);
  return { headers, body: parcel.batch };
}

/** A parcel, with the places that its events have in what is published. */
interface Packed {
  readonly at: readonly number[];
  readonly parcel: Parcel;
}

export type Settled<T> = PromiseSettledResult<T>;

/**
 * Sends events in as few messages as `packing` permits. Resolves to what became of each, in the
 * order of `events`; `send` settles each parcel. A batch that the broker refuses is taken
 * apart, so that each of its events gets an answer of its own.
 */
export async function sendInParcels<T>(
  events: readonly EventEnvelope[],
  packing: Packing,
  send: (parcels: readonly Parcel[]) => Promise<readonly Settled<T>[]>,
  explain: (error: unknown) => unknown,
): Promise<readonly Settled<T>[]> {
  const answers: Settled<T>[] = [];
  const apart: Packed[] = [];
  const isRefused = (one: Settled<T>) =>
    one.status === "rejected" && !isUnanswered(codeOf(explain(one.reason)));
  const sendAll = async (packed: readonly Packed[]) => {
    const settled = await send(packed.map(({ parcel }) => parcel));
    for (const [i, { at, parcel }] of packed.entries()) {
      const answer = settled[i];
      if (answer === undefined) continue;
      if (parcel.batch !== undefined && isRefused(answer)) apart.push(...alone(events, at));
      else for (const place of at) answers[place] = answer;
    }
  };
  await sendAll(packingOf(events, packing));
  if (apart.length > 0) await sendAll(apart.splice(0));
  return answers;
}

function packingOf(events: readonly EventEnvelope[], packing: Packing): readonly Packed[] {
  const all = [...events.keys()];
  if (packing.mode === "binary") return alone(events, all);
  const byType = Map.groupBy(all, (i) => events[i]?.type ?? "");
  return [...byType].flatMap(([type, at]) =>
    at.length === 1 || packing.single.has(type) ? alone(events, at) : together(events, type, at),
  );
}

function alone(events: readonly EventEnvelope[], at: readonly number[]): readonly Packed[] {
  return at.flatMap((i) => {
    const event = events[i];
    return event === undefined ? [] : [{ at: [i], parcel: { type: event.type, event } }];
  });
}

function together(
  events: readonly EventEnvelope[],
  type: string,
  at: readonly number[],
): readonly Packed[] {
  const packed: Packed[] = [];
  let places: number[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const close = () => {
    const parcel = { type, batch: `[${texts.join(",")}]` };
    packed.push(...(places.length > 1 ? [{ at: places, parcel }] : alone(events, places)));
    [places, texts, bytes] = [[], [], 0];
  };
  for (const i of at) {
    const text = textOf(events[i]);
    const more = text === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(text) + 1;
    if (text === undefined || more > WIRE_MAX_BYTES) {
      packed.push(...alone(events, [i]));
      continue;
    }
    if (places.length === EVENTS_MAX || bytes + more > WIRE_MAX_BYTES) close();
    places.push(i);
    texts.push(text);
    bytes += more;
  }
  close();
  return packed;
}

/** Undefined for an event that cannot be written: alone, it is refused with the reason. */
function textOf(event: EventEnvelope | undefined): string | undefined {
  try {
    return event === undefined ? undefined : encodeJson(event);
  } catch {
    return undefined;
  }
}
