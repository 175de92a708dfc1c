import { checkServiceName } from "../contract/grammar.ts";
import { manifestIn } from "../manifest/fingerprint.ts";
import { readManifest } from "../manifest/read.ts";
import type { SourceAbout } from "../ports/source.ts";
import { givenList, givenRecord, givenText, givenTime } from "./checked.ts";

const DECLARATIONS_MAX = 1_000;
const MANIFEST_MAX_CHARS = 16 * 1024 * 1024;

/** Reads what a service says of itself. Throws for what is not that. */
export function aboutReplied(value: unknown): SourceAbout {
  const { service, declarations } = givenRecord(value);
  const name = givenText(service);
  checkServiceName(name);
  return {
    service: name,
    declarations: givenList(declarations, DECLARATIONS_MAX, (entry) => {
      const { fingerprint, manifest, firstAt, lastAt } = givenRecord(entry);
      return {
        ...{ fingerprint: givenText(fingerprint), manifest: manifestTextIn(manifest) },
        ...{ firstAt: givenTime(firstAt), lastAt: givenTime(lastAt) },
      };
    }),
  };
}

/** All that follows from a manifest takes it as valid. */
function manifestTextIn(value: unknown): string {
  const text = givenText(value, MANIFEST_MAX_CHARS);
  if (manifestIn(text) !== undefined) readManifest(text);
  return text;
}
