export type { Contradiction, Source } from "./contradiction.ts";
export { manifestOf, manifestOfServices } from "./from-code.ts";
export { type Emitting, type FlowGraph, flowGraph, type Hearing } from "./graph.ts";
export { isLinks, type Links, toLinks } from "./links.ts";
export type {
  DeadlineEntry,
  EventEntry,
  JsonSchema,
  LockEntry,
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
  Suppressions,
} from "./manifest.ts";
export { type Merged, mergeManifests } from "./merge.ts";
export { ManifestError, type Mistake } from "./mistakes.ts";
export { ownersOf } from "./owners.ts";
export { readManifest, toManifest } from "./read.ts";
export { manifestSchema } from "./schema.ts";
export { type SchemaMismatch, schemaMismatches } from "./subschema.ts";
export { toDocument, writeManifest } from "./write.ts";
