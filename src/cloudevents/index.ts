export { encodeBatch, splitBatch, typeOfJson } from "./batch.ts";
export { AMQP, type Binding, HTTP, KAFKA, NATS } from "./binding.ts";
export {
  type DecodeOptions,
  decodeJson,
  decodeStored,
  encodeJson,
  encodeStored,
  WIRE_MAX_BYTES,
} from "./json.ts";
export {
  decodeMessage,
  encodeMessage,
  malformedMessage,
  readJson,
  readMessage,
  type WireMessage,
} from "./message.ts";
export { checkMessageLimit, MESSAGE_MAX_BYTES } from "./message-limit.ts";
export { readMessages } from "./messages.ts";
