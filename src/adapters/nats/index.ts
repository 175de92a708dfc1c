export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { type NatsBus, nats } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export type { NatsOptions } from "./options.ts";
