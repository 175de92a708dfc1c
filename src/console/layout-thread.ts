/* The program of a thread that lays out one map; see `map-layout.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { type Arrow, type Box, placeBoxes } from "../draw/layout.ts";

/** What is laid out. */
export interface LayoutOrder {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const { boxes, arrows }: LayoutOrder = workerData;
parentPort?.postMessage(await placeBoxes(boxes, arrows));
