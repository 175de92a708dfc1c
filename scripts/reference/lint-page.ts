import type { Rule } from "../../src/check/lint/rule.ts";
import { RULES } from "../../src/check/lint/rules.ts";
import { escaped } from "./escaped.ts";
import { wrapped } from "./wrapped.ts";

const INTRODUCTION = `# Lint rules

What do \`odori check\` and \`odori lint\` say of names, owners, payloads and waits, and how is a
rule silenced?

\`odori lint events.yaml\` judges a bare list of events, before anything else is declared:

\`\`\`yaml
- order.placed.v1
- name: payment.authorized.v1
  by: payment
  data: [orderId, { name: amountCents, type: integer }]
\`\`\`

The list may also be a mapping from name to fields, stand under the key \`events\`, or be a line of
names on standard input: \`echo DoPayment | odori lint -\`. A field without a type is a string.
\`data\` may be a mapping from field to type; \`schema\` takes a JSON Schema in its place.
Manifests, AsyncAPI documents and modules are sources as well. The exit status is 1 if a finding is
an error.

A rule is silenced in one of these places:

- at an event, a reaction, a deadline, a service or the choreography, with the reason:
  \`suppress: { VAGUE_NAME: "the word of the trade" }\`;
- in \`odori.config.json\`: \`{ "rules": { "VAGUE_NAME": "off" } }\`, or \`"error"\` to be stricter;
- for one run: \`--rule VAGUE_NAME=off\`.

A field that holds personal data on purpose is listed in \`sensitive\` of its event.

Rules about words go by lists of words. They know the words of a trade that nearly every first
choreography has, and stay silent where they know nothing. A name that is told of often comes with
another one, which no rule is broken by.

This page is generated from \`src/check/lint/rules.ts\` by \`npm run docs\`.
`;

/** The reference of the lint rules, as Markdown: a section for each rule. */
export function lintPage(): string {
  return [INTRODUCTION, ...RULES.map(section)].join("\n");
}

function section({ code, severity, reason, hint }: Rule): string {
  return [
    `## ${code}`,
    wrapped(`${severity === "error" ? "Error" : "Warning"}. ${escaped(reason)}`),
    wrapped(escaped(`**What to do:** ${hint}`)),
  ]
    .join("\n\n")
    .concat("\n");
}
