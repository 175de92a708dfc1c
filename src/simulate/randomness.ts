import { nextTick } from "node:process";
import { numbers } from "../virtual/clock.ts";
import type { Actor } from "./actor.ts";

/** Different numbers from which bytes are drawn. */
const SEEDS = 0x1_0000;
const BYTE = 256;

/**
 * Fills bytes with those of the run. Each call gets others, also in the calm run: ids are made of
 * them.
 */
export function fillBytes<View extends ArrayBufferView>(actor: Actor, view: View): View {
  let seed = Math.floor(actor.random() * SEEDS);
  for (const character of actor.uuid())
    seed = Math.imul(seed ^ character.charCodeAt(0), 0x01000193);
  const draw = numbers(seed);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(draw() * BYTE);
  return view;
}

/** A whole number as `randomInt` draws it, of its arguments. */
export function intBelow(actor: Actor, given: readonly unknown[]): number {
  const [first = 0, second] = given.filter((one) => typeof one === "number");
  const [min, max] = second === undefined ? [0, first] : [first, second];
  return min + Math.floor(actor.random() * (max - min));
}

/** Answers as functions of Node do: by a callback where the last argument is one. */
export function answerLikeNode<Value>(given: readonly unknown[], value: Value): Value | undefined {
  const callback = given.at(-1);
  if (typeof callback !== "function") return value;
  nextTick(() => Reflect.apply(callback, undefined, [null, value]));
  return undefined;
}
