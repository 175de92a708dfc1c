/*
 * Every request and reply of `/api/v1`, as JSON. Types only: the page is built from them, and the
 * server's handlers return them. A field that may be absent says why; `null` is never sent.
 *
 *   GET  about                          About
 *   GET  live         ?MapQuery         Live, one for each event of a text/event-stream
 *   GET  map          ?MapQuery         MapReply
 *   GET  sagas        ?SagasQuery       SagasReply
 *   GET  sagas/<id>   ?SagaQuery        SagaReply
 *   GET  sagas/<id>/payloads ?PayloadsQuery PayloadsReply
 *   GET  parked       ?ParkedQuery      ParkedReply
 *   GET  parked/groups                  ParkedGroupsReply
 *   GET  services                       ServicesReply
 *   GET  ledger                         LedgerReply
 *   GET  proof                          ProofReply
 *   GET  events                         EventsReply
 *   GET  events/<type>                  EventReply
 *   GET  actions                        ActionsReply
 *   GET  jobs                           JobsReply
 *   GET  jobs/<id>                      Job
 *   POST session            Session     204, and the cookie that later requests need
 *   POST unheard/preview    Unheard     PreviewReply
 *   POST unheard/republish  Republish   202 Job
 *   POST parked/preview     Preview     PreviewReply
 *   POST parked/retry       Retry       202 Job
 *   POST parked/discard     Discard     202 Job
 *   POST jobs/<id>/stop     {}          Job
 *
 * Only in `odori dev`:
 *
 *   GET  dev                            DevReply
 *   POST dev/begin          DevBegin    202 DevBegun
 *   POST dev/again          {}          202 DevBegun
 *   POST dev/fault          DevFault    DevFaults
 *   POST dev/clear          {}          DevFaults
 *
 * A reply that is not 2xx is a `Failure`. An id or a type in a path is encoded as a whole
 * (`encodeURIComponent`). A POST needs `content-type: application/json` and the header
 * `odori-console: 1`, and comes from the page's own origin.
 *
 * The page is at one address, `<prefix>/`, and all its addresses are relative to it: it may be
 * mounted below any path. What it shows is in its query. A fragment `#token=<token>` is sent to
 * `session` and taken away.
 */
export type * from "./wire/about.ts";
export type * from "./wire/action.ts";
export type * from "./wire/common.ts";
export type * from "./wire/dev.ts";
export type * from "./wire/live.ts";
export type * from "./wire/map.ts";
export type * from "./wire/parked.ts";
export type * from "./wire/proof.ts";
export type * from "./wire/saga.ts";
export type * from "./wire/services.ts";
