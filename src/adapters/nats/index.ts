export { type NatsBus, nats } from "./bus.ts";
export type { NatsOptions } from "./options.ts";
