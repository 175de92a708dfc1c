import { type Manifest, reactionName, type Suppressions } from "../manifest/manifest.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { RULES } from "./lint/rules.ts";

/** Records a finding that the manifest accepts, with the reason. */
export interface Suppressed {
  readonly code: FindingCode;
  readonly message: string;
  readonly reason: string;
}

/**
 * A counterexample cannot be accepted: the result would no longer be a proof. `EARLY_END` can: it
 * says when an end is told, and not how a saga ends.
 */
const ACCEPTABLE = new Set<string>([
  ...RULES.map(({ code }) => code),
  "UNHEARD",
  "NEVER_EMITTED",
  "DEAD_REACTION",
  "EARLY_END",
  "UNKNOWN_NAME",
  "EMPTY_UNDO_TOLD",
  "DEADLINE_OUTLIVES_END",
  "LINKS_UNKNOWN",
  "LINKS_INCOMPLETE",
]);

/**
 * Separates the findings that the manifest accepts from the open ones. Adds a `BAD_SUPPRESSION`
 * for each code that cannot be accepted.
 */
export function partSuppressed(
  manifest: Manifest,
  findings: readonly Finding[],
): { readonly open: readonly Finding[]; readonly suppressed: readonly Suppressed[] } {
  const open: Finding[] = [...misplaced(manifest)];
  const suppressed: Suppressed[] = [];
  for (const finding of findings) {
    const reason = ACCEPTABLE.has(finding.code) ? reasonFor(manifest, finding) : undefined;
    if (reason === undefined) open.push(finding);
    else suppressed.push({ code: finding.code, message: finding.message, reason });
  }
  return { open, suppressed };
}

function reasonFor(manifest: Manifest, { code, at }: Finding): string | undefined {
  const service = manifest.services.get(at.service ?? "");
  const reactions = service?.reactions.filter((entry) => reactionName(entry) === at.reaction);
  const deadlines = service?.deadlines.filter(({ emits }) => emits === at.event);
  const event = manifest.events.get(at.event ?? "");
  const places = [
    inEach(reactions),
    inEach(deadlines),
    event?.suppress,
    service?.suppress,
    manifest.suppress,
  ];
  return places.map((place) => place?.get(code)).find((reason) => reason !== undefined);
}

/** Several parts of one name must all accept a finding: it may be about any of them. */
function inEach(
  parts: readonly { readonly suppress: Suppressions }[] = [],
): Suppressions | undefined {
  const [first, ...others] = parts.map(({ suppress }) => suppress);
  return first && new Map([...first].filter(([code]) => others.every((other) => other.has(code))));
}

function misplaced(manifest: Manifest): readonly Finding[] {
  const services = [...manifest.services.values()];
  const places: readonly Suppressions[] = [
    manifest.suppress,
    ...[...manifest.events.values()].map(({ suppress }) => suppress),
    ...services.flatMap(({ suppress, reactions, deadlines }) => [
      suppress,
      ...[...reactions, ...deadlines].map((entry) => entry.suppress),
    ]),
  ];
  const codes = new Set(
    places.flatMap((place) => [...place.keys()]).filter((code) => !ACCEPTABLE.has(code)),
  );
  return [...codes].map((code) => ({
    code: "BAD_SUPPRESSION",
    severity: "warning",
    message: `suppressing ${code} has no effect`,
    hint: `Remove it. Only these codes can be suppressed: ${[...ACCEPTABLE].join(", ")}.`,
    at: {},
  }));
}
