export { ExpectationError } from "./expectation.ts";
export { type Given, given, type ReactionOptions } from "./given.ts";
export type { RehearsalOptions } from "./options.ts";
export type { Reacted, ReactionResult } from "./reacted.ts";
export { type BeginSagaOptions, type SagaTest, testSaga } from "./saga.ts";
export type { Leftover, SagaEnd, SagaView, ServiceName } from "./saga-view.ts";
