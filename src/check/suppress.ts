import { type Manifest, reactionName, type Suppressions } from "../manifest/manifest.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { RULES } from "./lint/lint.ts";

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
  const reaction = service?.reactions.find((entry) => reactionName(entry) === at.reaction);
  const deadline = service?.deadlines.find(({ emits }) => emits === at.event);
  const event = manifest.events.get(at.event ?? "");
  const places = [
    reaction?.suppress,
    deadline?.suppress,
    event?.suppress,
    service?.suppress,
    manifest.suppress,
  ];
  return places.map((place) => place?.get(code)).find((reason) => reason !== undefined);
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
