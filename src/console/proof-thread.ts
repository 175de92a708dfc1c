/* The program of a thread that proves a choreography; see `proof.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { check } from "../check/check.ts";
import type { Manifest } from "../manifest/manifest.ts";

const manifest: Manifest = workerData;
parentPort?.postMessage(check(manifest));
