/* What the endpoint of a source and its reader agree on. */

/** Most rows in one reply. */
export const PAGE_ROWS_MAX = 4_000;
/** Most sagas that one request asks for. */
export const PAGE_SAGAS_MAX = 250;
/** Most rows of one journal. */
export const JOURNAL_MAX = 100_000;
/** A cursor of Postgres may name 10,000 gaps. */
export const CURSOR_MAX_CHARS = 1_000_000;
export const REQUEST_MAX_BYTES = 2 * 1024 * 1024;
export const REPLY_MAX_BYTES = 64 * 1024 * 1024;
/** Characters of an id, a type, a name or a reason. */
export const GIVEN_TEXT_MAX = 4_096;

/** What a source that is read over HTTP may do besides reading. */
export type SourcePermission = "retry" | "discard" | "republish" | "payloads";
