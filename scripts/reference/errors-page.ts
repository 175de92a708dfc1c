import { ERRORS } from "../../src/contract/error-catalogue.ts";
import type { DeliveryEffect, ErrorEntry } from "../../src/contract/error-entry.ts";

/** What the page says of each effect; `none` is not worth a line. */
const DELIVERY: Readonly<Record<DeliveryEffect, string | undefined>> = {
  retryable: "The delivery is retried, up to `retry.attempts` attempts.",
  uncounted: "The delivery is retried, and the attempt does not count.",
  final: "The delivery is parked at once.",
  none: undefined,
};

const INTRODUCTION = `# Errors

Every error of Odori is an \`OdoriError\`. It has a stable \`code\`, keeps its \`cause\`, says in
\`hint\` what to do, and names in \`docs\` the address of its section below. A code never changes
its meaning.

A handler chooses what follows by what it throws:

- \`new PermanentError("…")\`: the delivery is parked at once;
- \`new RetryAfter("30s")\`: the next attempt follows after that delay, and counts as usual;
- any other error: the next attempt follows after the backoff of \`retry\`.

This page is generated from \`src/contract/error-catalogue.ts\` by \`npm run docs\`.
`;

/** The reference of the errors, as Markdown: a section for each code, under its area. */
export function errorsPage(): string {
  const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(ERRORS);
  const areas = [...new Set(entries.map(([, { area }]) => area))];
  const sections = areas.map((area) => {
    const own = entries.filter(([, entry]) => entry.area === area);
    return [`## ${area}\n`, ...own.map(([code, entry]) => section(code, entry))].join("\n");
  });
  return [INTRODUCTION, ...sections].join("\n");
}

function section(code: string, { meaning, hint, delivery }: ErrorEntry): string {
  const effect = DELIVERY[delivery];
  const facts = effect === undefined ? meaning : `${meaning} ${effect}`;
  return [`### ${code}`, wrapped(facts), wrapped(`**What to do:** ${hint}`)]
    .join("\n\n")
    .concat("\n");
}

const WIDTH_MAX = 100;

/** Breaks a paragraph between words into lines of at most `WIDTH_MAX` columns. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH_MAX) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
