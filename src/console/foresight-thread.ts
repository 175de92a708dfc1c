/* The program of a thread that looks ahead in sagas; see `foresight.ts`. */
import { parentPort } from "node:worker_threads";
import { FromHere, type Outlook } from "../check/from-here/from-here.ts";
import { messageOf } from "../contract/errors.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { ServiceHistory } from "../observe/summary.ts";

/** What the thread is asked. */
export interface LookOrder {
  /** Absent: as in the question before. */
  readonly manifest?: Manifest;
  readonly parts: readonly ServiceHistory[];
  readonly read: ReadonlySet<string>;
  readonly statesMax: number;
  readonly millisecondsMax: number;
  /** Shared: not 0 once the asker has left. */
  readonly left: Int32Array<SharedArrayBuffer>;
}

/** What it replies, once to each question and in their order. */
export type LookResult = { readonly outlook: Outlook | undefined } | { readonly failed: string };

let fromHere: FromHere | undefined;

parentPort?.on("message", (question: LookOrder) => parentPort?.postMessage(replyTo(question)));

function replyTo({ manifest, parts, read, left, ...bounds }: LookOrder): LookResult {
  try {
    if (manifest !== undefined) fromHere = new FromHere(manifest);
    const limits = { ...bounds, isCancelled: () => Atomics.load(left, 0) !== 0 };
    return { outlook: fromHere?.of(parts, read, limits) };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
