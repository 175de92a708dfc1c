import { hash } from "node:crypto";
import type { EventEnvelope } from "../contract/envelope.ts";
import { readAttributes } from "./attributes.ts";

/** The attributes of an event whose payload cannot be read. */
export type Head = Omit<EventEnvelope, "data">;

/** How much of a message above the size limit is kept. */
const CUT_CHARS = 4_096;
/** A larger message is not parsed for its attributes. */
const PARSED_MAX_BYTES = 2 * 1024 * 1024;
/** Payloads have names of their own in structured mode. */
const PAYLOAD_MEMBERS: readonly string[] = ["data", "data_base64"];

/**
 * Writes an event of binary mode in structured mode: its attributes, and its payload verbatim. A
 * payload that is not JSON in UTF-8 becomes base64.
 */
export function toStructured(
  attributes: ReadonlyMap<string, string>,
  body: Uint8Array | string,
): string {
  const members = [...attributes]
    .filter(([name]) => !PAYLOAD_MEMBERS.includes(name))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...members, ...payloadMember(body)].join(",")}}`;
}

function payloadMember(body: Uint8Array | string): readonly string[] {
  if (body.length === 0) return [];
  try {
    const text = decodeText(body, true);
    JSON.parse(text);
    return [`"data":${text.trim()}`];
  } catch {
    return [`"data_base64":"${Buffer.from(body).toString("base64")}"`];
  }
}

/** The message as text; above the size limit only its beginning, `cut`. */
export function toRaw(body: Uint8Array | string, cut: boolean): string {
  return decodeText(cut ? body.slice(0, CUT_CHARS) : body, false);
}

/** As `toRaw`, of a message in binary mode. Its attributes are first, so that they are kept. */
export function toRawStructured(
  attributes: ReadonlyMap<string, string>,
  body: Uint8Array | string,
  cut: boolean,
): string {
  if (!cut) return toStructured(attributes, body);
  const head = toStructured(attributes, "").slice(0, -1);
  return `${head},"data":${toRaw(body, true)}`.slice(0, CUT_CHARS);
}

function decodeText(body: Uint8Array | string, fatal: boolean): string {
  return typeof body === "string" ? body : new TextDecoder("utf-8", { fatal }).decode(body);
}

/** Reads the attributes of an event in structured mode; undefined if one of them is unusable. */
export function headOfText(body: Uint8Array | string, now: number): Head | undefined {
  if (body.length > PARSED_MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(decodeText(body, true));
    if (typeof value !== "object" || value === null) return undefined;
    return readAttributes(new Map(Object.entries(value)), now);
  } catch {
    return undefined;
  }
}

/** Reads attributes; undefined if one of them is unusable. */
export function headOf(attributes: ReadonlyMap<string, string>, now: number): Head | undefined {
  try {
    return readAttributes(attributes, now);
  } catch {
    return undefined;
  }
}

/** Headers that a broker changes from delivery to delivery: `x-delivery-count`, `x-death`. */
const VOLATILE = /^x-/i;

/**
 * The identity of a message whose attributes cannot be read. It is made of the headers, the body,
 * and the place on the broker if that is known. A redelivery has the same.
 */
export function identityOf(
  headers: Iterable<readonly [string, string]>,
  body: Uint8Array | string,
  place = "",
): string {
  const kept = [...headers].filter(([name]) => !VOLATILE.test(name)).sort(byName);
  if (kept.length === 0 && place === "") return hash("sha256", body, "hex");
  // Another alphabet: a body alone may be such a list.
  return hash("sha256", JSON.stringify([place, kept, hash("sha256", body, "hex")]), "base64url");
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}
