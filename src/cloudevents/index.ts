export { AMQP, type Binding, HTTP, KAFKA, NATS } from "./binding.ts";
export { type DecodeOptions, decodeJson, encodeJson, WIRE_MAX_BYTES } from "./json.ts";
export { decodeMessage, encodeMessage, type WireMessage } from "./message.ts";
