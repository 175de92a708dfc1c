import { FINDING_AREAS } from "../../src/check/catalogue/catalogue.ts";
import type { FindingEntry } from "../../src/check/catalogue/entry.ts";
import { escaped } from "./escaped.ts";
import { type FindingExample, findingExamples, STATES_FEW } from "./finding-examples.ts";
import { wrapped } from "./wrapped.ts";

const FOLDER = "docs/reference/findings";
/** Codes whose example needs files of its own: a page shows it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  CONTRADICTION: "[Check services of others](../../how-to/services-of-others.md)",
  LINKS_UNKNOWN: "[Check services of others](../../how-to/services-of-others.md)",
  LINKS_INCOMPLETE: "[Check services of others](../../how-to/services-of-others.md)",
  UNKNOWN_LINKS: "[Check services of others](../../how-to/services-of-others.md)",
  BAD_SUPPRESSION: "[Lint rules](../lint.md)",
  REACTION_GONE: "[Deploy a new version of a service](../../how-to/deploy.md)",
};

const INTRODUCTION = `# Findings

What does a code of \`odori check\` mean, and what is to be done about it?

Each code has a page: what it does to a saga, the smallest choreography that has it, the picture,
and the repair. \`odori check\` prints the address of the page. A code never changes its meaning.
`;

/** A page for each finding code, and one that lists them, as Markdown by path. */
export function findingsPages(): ReadonlyMap<string, string> {
  const examples = findingExamples();
  const entries = Object.values(FINDING_AREAS).flatMap((area) => [...area]);
  return new Map([
    [`${FOLDER}/index.md`, indexPage()],
    ...entries.map(([code, entry]) => [pathOf(code), page(code, entry, examples)] as const),
  ]);
}

function pathOf(code: string): string {
  return `${FOLDER}/${code.toLowerCase()}.md`;
}

function indexPage(): string {
  const areas = Object.entries(FINDING_AREAS).map(([title, codes]) => {
    const rows = [...codes].map(
      ([code, { meaning }]) => `| [${code}](${code.toLowerCase()}.md) | ${escaped(meaning)} |`,
    );
    return [`## ${title}\n`, "| code | meaning |", "| --- | --- |", ...rows, ""].join("\n");
  });
  return [INTRODUCTION, ...areas].join("\n");
}

function page(
  code: string,
  { meaning, hint }: FindingEntry,
  examples: ReadonlyMap<string, FindingExample>,
): string {
  const parts = [
    `# ${code}`,
    wrapped(escaped(meaning)),
    wrapped(escaped(`**What to do:** ${hint}`)),
    example(code, examples),
    "[All codes](index.md). This page is generated from `src/check/catalogue/` and the\n" +
      "choreographies of `test/check/` by `npm run docs`.",
  ];
  return `${parts.join("\n\n")}\n`;
}

function example(code: string, examples: ReadonlyMap<string, FindingExample>): string {
  const elsewhere = ELSEWHERE[code];
  if (elsewhere !== undefined) return `An example is on the page ${elsewhere}.`;
  const found = examples.get(code);
  if (found === undefined) throw new Error(`No choreography of the tests has ${code}.`);
  const [first = "", second] = found.documents;
  const files = second === undefined ? ["shop.yaml"] : ["old.yaml", "new.yaml"];
  const options = code === "NOT_EXHAUSTIVE" ? ` --states ${STATES_FEW}` : "";
  const command =
    second === undefined
      ? `odori check shop.yaml${options}`
      : "odori check new.yaml --from old.yaml --rolling";
  const shown = [first, ...(second === undefined ? [] : [second])].map(
    (text, index) => `\`\`\`yaml\n# ${files[index]}\n${text.trimEnd()}\n\`\`\``,
  );
  const said = `\`${command}\` says, among others:\n\n\`\`\`text\n${found.said}\n\`\`\``;
  return ["## Example", ...shown, said].join("\n\n");
}
