import type { DeliveryEffect, ErrorEntry } from "../../src/contract/codes/entry.ts";
import { ERROR_AREAS } from "../../src/contract/error-catalogue.ts";
import { wrapped } from "./wrapped.ts";

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
  const sections = Object.entries(ERROR_AREAS).map(([area, codes]) =>
    [`## ${area}\n`, ...Object.entries(codes).map(([code, entry]) => section(code, entry))].join(
      "\n",
    ),
  );
  return [INTRODUCTION, ...sections].join("\n");
}

function section(code: string, { meaning, hint, delivery }: ErrorEntry): string {
  const effect = DELIVERY[delivery];
  const facts = effect === undefined ? meaning : `${meaning} ${effect}`;
  return [`### ${code}`, wrapped(facts), wrapped(`**What to do:** ${hint}`)]
    .join("\n\n")
    .concat("\n");
}
