import { checkServiceName } from "../contract/grammar.ts";
import { manifestIn } from "../manifest/fingerprint.ts";
import { readManifest } from "../manifest/read.ts";
import type { SourceAbout } from "../ports/source.ts";
import { listIn, recordIn, textIn, timeIn } from "./checked.ts";

const DECLARATIONS_MAX = 1_000;
const MANIFEST_MAX_CHARS = 16 * 1024 * 1024;

/** Reads what a service says of itself. Throws for what is not that. */
export function aboutIn(value: unknown): SourceAbout {
  const { service, declarations } = recordIn(value);
  const name = textIn(service);
  checkServiceName(name);
  return {
    service: name,
    declarations: listIn(declarations, DECLARATIONS_MAX, (entry) => {
      const { fingerprint, manifest, firstAt, lastAt } = recordIn(entry);
      return {
        ...{ fingerprint: textIn(fingerprint), manifest: manifestTextIn(manifest) },
        ...{ firstAt: timeIn(firstAt), lastAt: timeIn(lastAt) },
      };
    }),
  };
}

/** All that follows from a manifest takes it as valid. */
function manifestTextIn(value: unknown): string {
  const text = textIn(value, MANIFEST_MAX_CHARS);
  if (manifestIn(text) !== undefined) readManifest(text);
  return text;
}
