export type { Diagnosis } from "../../ports/diagnosis.ts";
export { type KafkaBus, kafka } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export type { KafkaOptions } from "./options.ts";
