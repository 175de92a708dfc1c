export { PROTOCOLS, type Protocol } from "./bindings.ts";
export { isAsyncApi, readAsyncApi } from "./read.ts";
export type { LoadDocument } from "./resolve.ts";
export { type AsyncApiOptions, toAsyncApi } from "./write.ts";
