import type { Report } from "../../check/check.ts";
import type { CounterexampleStep, Finding } from "../../check/finding.ts";
import { findingPage } from "../../contract/docs-address.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { type LocatedSource, type SourcePlace, sourcePlaceOf } from "../places/places.ts";

/** A finding with the place of the declaration that it is about, and its page. */
export interface LocatedFinding extends Finding {
  readonly source?: SourcePlace;
  /** The address of the code's page in the reference. */
  readonly docs: string;
}

/** A report whose findings have their places, errors first. */
export interface LocatedReport extends Report {
  readonly findings: readonly LocatedFinding[];
}

/** What every format of a report is made from. */
export interface ReportSubject {
  readonly manifest: Manifest;
  readonly report: LocatedReport;
  /** Finds the declaration that takes a step of a counterexample. */
  readonly stepPlace: (step: CounterexampleStep) => SourcePlace | undefined;
}

const SEVERITIES: readonly Finding["severity"][] = ["error", "warning", "information"];

/** Adds the places of the sources to a report. */
export function locate(
  manifest: Manifest,
  report: Report,
  sources: readonly LocatedSource[],
): ReportSubject {
  const findings = report.findings
    .map((finding) => {
      const source = sourcePlaceOf(finding.at, sources);
      const docs = findingPage(finding.code);
      return { ...finding, ...(source !== undefined && { source }), docs };
    })
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const stepPlace = ({ service, hears, emits }: CounterexampleStep) => {
    const event = emits[0] ?? hears;
    if (service === null || event === null) return undefined;
    return sourcePlaceOf({ service, event }, sources);
  };
  return { manifest, report: { ...report, findings }, stepPlace };
}

/** Findings that one counterexample shows, or one finding without any. */
export interface FindingGroup {
  readonly findings: readonly LocatedFinding[];
  readonly trace: readonly CounterexampleStep[] | undefined;
}

/** Groups findings by their counterexample, so that each is shown once. */
export function findingGroups(findings: readonly LocatedFinding[]): readonly FindingGroup[] {
  const groups = new Map<string, LocatedFinding[]>();
  for (const [index, finding] of findings.entries()) {
    const key = finding.trace === undefined ? `${index}` : JSON.stringify(finding.trace);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [finding]);
    else known.push(finding);
  }
  return [...groups.values()].map((same) => ({ findings: same, trace: same[0]?.trace }));
}
