import type { Outlook } from "../check/from-here/from-here.ts";
import type { SagaSummary } from "../observe/summary.ts";
import { type ChoreographyFlags, namedManifest } from "./choreography-option.ts";
import type { Found } from "./data.ts";
import { type ReadSaga, SagaReader } from "./saga-pages.ts";

/** Where a saga stands, and what can still happen in it. */
export interface SagaOutlook {
  readonly summary: SagaSummary;
  /** Undefined where no declaration says what the services do. */
  readonly outlook: Outlook | undefined;
  /** Services of the choreography that may have a part in it, and whose databases are not read. */
  readonly unread: ReadSaga["unread"];
}

/**
 * Returns a function that says of a saga what can still happen. The choreography is the one that
 * the flags name, else what the services have declared in their databases: that knows no ends.
 */
export async function foresight(
  found: readonly Found[],
  flags: ChoreographyFlags,
): Promise<{
  readonly reader: SagaReader;
  outlook(saga: ReadSaga): SagaOutlook;
}> {
  const named = await namedManifest(flags);
  const manifest = named ?? (await declaredIn(found));
  const reader = await SagaReader.of(found, named);
  const { FromHere } = await import("../check/from-here/from-here.ts");
  const fromHere = manifest && new FromHere(manifest);
  const read = new Set(found.map(({ service }) => service));
  return {
    reader,
    outlook: ({ parts, summary, unread }) => ({
      ...{ summary, unread },
      outlook: fromHere?.of(parts, read),
    }),
  };
}

/** Merges what the newest version of each service has declared. */
async function declaredIn(found: readonly Found[]) {
  const [{ manifestIn }, { mergeManifests }] = await Promise.all([
    import("../manifest/fingerprint.ts"),
    import("../manifest/merge.ts"),
  ]);
  const declared = await Promise.all(
    found.map(async ({ service, store }) => {
      const [newest] = await store.declarations.all();
      const manifest = newest && manifestIn(newest.manifest);
      return manifest === undefined ? [] : [{ from: service, manifest }];
    }),
  );
  return declared.some((list) => list.length === 0)
    ? undefined
    : mergeManifests(declared.flat()).manifest;
}
