export { type RabbitBus, rabbitmq } from "./bus.ts";
export type { RabbitOptions } from "./options.ts";
