export type { FeedPage, JournalSource, OutboxEvent, SourceAbout } from "../ports/source.ts";
export { type ConsoleOptions, type OdoriConsole, odoriConsole } from "./console.ts";
export type { Permission } from "./wire/about.ts";
