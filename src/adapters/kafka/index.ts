export { type KafkaBus, kafka } from "./bus.ts";
export type { KafkaOptions } from "./options.ts";
