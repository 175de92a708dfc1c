import { createHash } from "node:crypto";
import { findingEntry } from "../../check/catalogue/catalogue.ts";
import type { CounterexampleStep } from "../../check/finding.ts";
import { DOCS_ADDRESS, findingPage } from "../../contract/docs-address.ts";
import { version } from "../../text/version.ts";
import { fileInRepository, type SourcePlace } from "../places/places.ts";
import type { LocatedFinding, ReportSubject } from "./located.ts";
import { stepText } from "./steps.ts";
import { repairsOf } from "./text.ts";

const LEVELS = { error: "error", warning: "warning", information: "note" } as const;
const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** Returns a report as a SARIF 2.1.0 log, for code scanning and editors. */
export function sarifReport({ report, stepPlace }: ReportSubject): unknown {
  const codes = [...new Set(report.findings.map(({ code }) => code))].sort();
  const seen = new Map<string, number>();
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "odori",
            version: version(),
            informationUri: DOCS_ADDRESS,
            rules: codes.map(ruleOf),
          },
        },
        columnKind: "utf16CodeUnits",
        results: report.findings.map((finding) => ({
          ruleId: finding.code,
          ruleIndex: codes.indexOf(finding.code),
          level: LEVELS[finding.severity],
          message: { text: messageText(finding) },
          locations: [locationOf(finding.source, finding)],
          partialFingerprints: { "odori/v1": fingerprint(finding, seen) },
          ...(finding.trace && { codeFlows: [codeFlowOf(finding.trace, stepPlace)] }),
        })),
      },
    ],
  };
}

function ruleOf(code: string): unknown {
  const entry = findingEntry(code);
  return {
    id: code,
    helpUri: findingPage(code),
    ...(entry && { shortDescription: { text: entry.meaning }, help: { text: entry.hint } }),
  };
}

function messageText(finding: LocatedFinding): string {
  const { message, hint } = finding;
  const repairs = repairsOf([finding]).map((repair) => `Repair: ${repair}.`);
  return [`${message}.`, ...(hint === undefined ? [] : [hint]), ...repairs].join(" ");
}

function locationOf(place: SourcePlace | undefined, { at }: Pick<LocatedFinding, "at">): unknown {
  const name = [at.service, at.reaction ?? at.event].filter((part) => part !== undefined).join("/");
  return {
    ...physical(place),
    ...(name !== "" && { logicalLocations: [{ fullyQualifiedName: name }] }),
  };
}

function physical(place: SourcePlace | undefined): object {
  if (place === undefined) return {};
  const { file, line, column } = place;
  const uri = fileInRepository(file).split("/").map(encodeURIComponent).join("/");
  return {
    physicalLocation: {
      artifactLocation: { uri, uriBaseId: "%SRCROOT%" },
      ...(line !== undefined && { region: { startLine: line, startColumn: column ?? 1 } }),
    },
  };
}

function codeFlowOf(
  trace: readonly CounterexampleStep[],
  stepPlace: ReportSubject["stepPlace"],
): unknown {
  return {
    threadFlows: [
      {
        locations: trace.map((step) => ({
          location: { message: { text: stepText(step) }, ...physical(stepPlace(step)) },
        })),
      },
    ],
  };
}

/** Identifies a finding across commits, independent of its line. */
function fingerprint({ code, at }: LocatedFinding, seen: Map<string, number>): string {
  const { service, event, reaction, list } = at;
  const key = JSON.stringify([code, service, event, reaction, list]);
  const nth = seen.get(key) ?? 0;
  seen.set(key, nth + 1);
  return createHash("sha256").update(`${key} ${nth}`).digest("hex").slice(0, 32);
}
