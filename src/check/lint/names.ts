import { nameFaults } from "./name-faults.ts";
import { type NameParts, nameParts, typeNameOf } from "./name-parts.ts";
import type { LintProblem, Subject } from "./rule.ts";
import { Synonyms } from "./synonyms.ts";

/** This many names of others are listed. */
const SHOWN_MAX = 5;

/** Finds names that break the grammar, that do not say what happened, or that mean the same. */
export function nameProblems({ manifest, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  const synonyms = new Synonyms(manifest);
  const foreign: string[] = [];
  for (const type of graph.types) {
    const service = graph.emitters.get(type)?.[0]?.service.name;
    const at = { ...(service !== undefined && { service }), event: type };
    if (isForeign(manifest, type)) {
      foreign.push(type);
      continue;
    }
    const parts = nameParts(type);
    const faults = nameFaults(parts);
    if (!parts.grammatical) problems.push(ungrammatical(parts, faults.length === 0, at));
    for (const { code, what, proposal } of faults)
      problems.push({
        code,
        message: `${type} ${what}`,
        at,
        ...(proposal !== undefined && { hint: `Perhaps ${proposal}.` }),
      });
    const synonym = synonyms.problemOf(parts, at);
    if (synonym !== undefined) problems.push(synonym);
  }
  if (foreign.length > 0) {
    const more = foreign.length > SHOWN_MAX ? ", …" : "";
    const shown = `${foreign.slice(0, SHOWN_MAX).join(", ")}${more}`;
    const message = `others have names that are not <domain>.<fact>.v<N>: ${shown}`;
    problems.push({ code: "NAME_GRAMMAR", message, at: {}, foreign: true });
  }
  for (const service of manifest.services.keys()) {
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(service)) {
      problems.push({
        code: "NAME_GRAMMAR",
        message: `the service name "${service}" is not lower-case snake_case`,
        at: { service },
      });
    }
  }
  return problems;
}

/** Tells whether others have named an event, in a grammar of their own. */
export function isForeign({ events }: Subject["manifest"], type: string): boolean {
  return events.get(type)?.foreign === true && !nameParts(type).grammatical;
}

/** A name without another fault can be proposed in the grammar. */
function ungrammatical(
  { type, domain, words, version }: NameParts,
  otherwiseSound: boolean,
  at: LintProblem["at"],
): LintProblem {
  const plain = [domain, ...words].every((word) => /^[a-z][a-z0-9_]*$/.test(word));
  return {
    code: "NAME_GRAMMAR",
    message: `${type} is not <domain>.<fact>.v<N>`,
    at,
    ...(otherwiseSound &&
      plain &&
      words.length > 0 && { hint: `Write ${typeNameOf(domain, words, version)}.` }),
  };
}
