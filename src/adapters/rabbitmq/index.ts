export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { type RabbitBus, rabbitmq } from "./bus.ts";
export { diagnose, type RabbitDiagnosis } from "./diagnose.ts";
export type { RabbitOptions } from "./options.ts";
