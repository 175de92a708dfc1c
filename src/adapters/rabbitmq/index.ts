export type { Diagnosis } from "../../ports/diagnosis.ts";
export { type RabbitBus, rabbitmq } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export type { RabbitOptions } from "./options.ts";
