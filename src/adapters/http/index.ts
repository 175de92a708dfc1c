export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { type HttpBus, http } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export type {
  HttpListenOptions,
  HttpOptions,
  HttpReceiveOptions,
  HttpSubscriber,
} from "./options.ts";
