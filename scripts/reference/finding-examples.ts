import { Document, isScalar, visit } from "yaml";
import { check } from "../../src/check/check.ts";
import type { Finding } from "../../src/check/finding.ts";
import { checkRolling } from "../../src/check/rolling/check-rolling.ts";
import { locate } from "../../src/cli/report/located.ts";
import { textReport } from "../../src/cli/report/text.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { toDocument } from "../../src/manifest/write.ts";
import { plainPaint } from "../../src/text/paint.ts";
import { BROKEN } from "../../test/check/broken.ts";
import { schemaOf, WRONG_PAYLOADS } from "../../test/check/lint/payloads.ts";
import { WRONG_NAMES } from "../../test/check/lint/wrong-names.ts";
import { DEPLOYMENTS } from "../../test/check/rolling-cases.ts";
import { SOUND } from "../../test/check/sound.ts";

/** A small choreography that has a finding, and the part of the report that says so. */
export interface FindingExample {
  /** As YAML: one document, or the old and the new one of a deployment. */
  readonly documents: readonly string[];
  readonly said: string;
}

const STATES_MAX = 20_000;
/** A limit that no search keeps within: for the finding that says so. */
export const STATES_FEW = 2;

/** Events of one choreography that break a rule together. */
const TOGETHER: readonly (readonly string[])[] = [
  ["order.stock_checked.v1", "stock.counted.v1"],
  ["order.item_added.v1", "order_item.added.v1"],
];

/** An example, with the number of codes that its choreography has. */
interface Ranked extends FindingExample {
  readonly codes: number;
}

/**
 * An example of each code, among the choreographies that the tests know: the first of those that
 * have the fewest other codes.
 */
export function findingExamples(): ReadonlyMap<string, FindingExample> {
  const examples = new Map<string, Ranked>();
  for (const [document, options] of candidates()) {
    const manifest = toManifest(document);
    const { findings, ...report } = check(manifest, { statesMax: STATES_MAX, ...options });
    const said = (only: readonly Finding[]) => saidOf(manifest, { ...report, findings: only });
    keep(examples, [document], findings, said);
  }
  for (const { old, now, service, rollback = false } of DEPLOYMENTS) {
    const { findings } = checkRolling(old, now, { services: [service], rollback });
    const known = findings.filter(({ code }) => /_GONE$|^DEDUP_LOST$/.test(code));
    const report = check(now, { statesMax: 1 });
    const said = (only: readonly Finding[]) => saidOf(now, { ...report, findings: only });
    keep(examples, [toDocument(old), toDocument(now)], known, said);
  }
  return examples;
}

type Candidate = readonly [document: object, options?: { readonly statesMax: number }];

function candidates(): readonly Candidate[] {
  const known = [...BROKEN, ...SOUND].map(({ manifest }): Candidate => [manifest]);
  const events = (all: object) => [{ odori: 1, name: "shop", services: {}, events: all }] as const;
  const names = Object.values(WRONG_NAMES).flatMap((list) => list.trim().split(/\s+/));
  const payloads = WRONG_PAYLOADS.map(([, fields]) => ({ schema: schemaOf(fields) }));
  const [first] = known;
  return [
    ...known,
    ...(first === undefined ? [] : [[first[0], { statesMax: STATES_FEW }] as const]),
    ...names.map((name) => events({ [name]: {} })),
    ...TOGETHER.map((all) => events(Object.fromEntries(all.map((name) => [name, {}])))),
    ...payloads.map((payload) => events({ "order.placed.v1": payload })),
  ];
}

function keep(
  examples: Map<string, Ranked>,
  raw: readonly object[],
  findings: readonly Finding[],
  said: (only: readonly Finding[]) => string,
): void {
  const codes = new Set(findings.map(({ code }) => code));
  for (const code of codes) {
    if ((examples.get(code)?.codes ?? Number.POSITIVE_INFINITY) <= codes.size) continue;
    const [first] = findings.filter((finding) => finding.code === code);
    const documents = raw.map(yamlOf);
    const only = first === undefined ? [] : [first];
    examples.set(code, { documents, said: said(only), codes: codes.size });
  }
}

/** YAML with lists of names on one line each. */
function yamlOf(raw: object): string {
  const document = new Document({ ...raw, name: "shop" });
  visit(document, {
    Seq: (_, list) => {
      if (list.items.every(isScalar)) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 96, flowCollectionPadding: false });
}

/** The report of these findings, without its first line and its verdict. */
function saidOf(manifest: Manifest, report: Parameters<typeof locate>[1]): string {
  const text = textReport(locate(manifest, report, []), { paint: plainPaint, mermaid: false });
  const lines = text.split("\n").map((line) => line.trimEnd());
  const end = lines.findLastIndex((line) => /^[✗✓?] /.test(line));
  return lines.slice(2, end - 1).join("\n");
}
