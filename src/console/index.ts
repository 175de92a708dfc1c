export type {
  FeedPage,
  FeedRow,
  JournalSource,
  OutboxEvent,
  SagaFacts,
  SourceAbout,
} from "../ports/source.ts";
export { type ConsoleOptions, type OdoriConsole, odoriConsole } from "./console.ts";
export type { Permission } from "./wire/about.ts";
