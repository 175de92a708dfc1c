import type { Logger } from "odori";

/** Logs nothing: these examples fail on purpose, and print only their story. */
export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
