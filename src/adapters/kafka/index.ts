export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { type KafkaBus, kafka } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export type { KafkaOptions } from "./options.ts";
