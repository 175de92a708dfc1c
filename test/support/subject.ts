import { check } from "../../src/check/check.ts";
import { inDocument } from "../../src/cli/places/document.ts";
import { locate, type ReportSubject } from "../../src/cli/report/located.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { parseJsonOrYaml } from "../../src/manifest/text.ts";

/** Checks a manifest as `odori check` does with a file, and returns what formats are made from. */
export function subjectOf(
  raw: Readonly<Record<string, unknown>>,
  path = "shop.json",
): ReportSubject {
  const { value, place } = parseJsonOrYaml(path, JSON.stringify(raw, undefined, 1));
  const manifest = toManifest(value, path, place);
  const report = check(manifest, { repairs: true, statesMax: 20_000 });
  return locate(manifest, report, [{ manifest, locate: inDocument({ path, place }, manifest) }]);
}

/** Names that are markup, a link, a mention or a command where they are not escaped. */
export const HOSTILE = [
  "::error file=x::owned",
  "##[error]owned",
  "<img src=x onerror=alert(1)>",
  "[link](https://evil.example/)",
  "![image](https://evil.example/)",
  "https://evil.example/",
  "@everyone",
  "`` ` ``",
  "```",
  "` <b>bold</b> `",
  "a|b\\|c",
  "%0A::error::owned",
  "a,line=1,title=b:c",
  "</details><h1>owned</h1>",
  "&lt;b&gt;",
  "- item",
  "# heading",
] as const;

/** A choreography that has each hostile name somewhere, and errors with counterexamples. */
export function hostileManifest(): Readonly<Record<string, unknown>> {
  const [first = "", ...others] = HOSTILE;
  return {
    odori: 1,
    name: `shop ${first}`,
    begins: [first],
    succeeds: ["order.completed.v1"],
    pivots: others,
    services: {
      [`order ${first}`]: { begins: [first] },
      ...Object.fromEntries(
        others.map((name, place) => {
          const on = [place === 0 ? first : `${others[place - 1]} done`];
          const reaction = { on, emits: [`${name} done`], fails: [`${name} refused`] };
          return [name, { reactions: [reaction] }];
        }),
      ),
    },
  };
}
