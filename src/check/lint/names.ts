import { parseTypeName } from "../../contract/grammar.ts";
import type { LintProblem, Subject } from "./rule.ts";

/**
 * Verbs that start a command. Verbs with the same form in the past ("set", "put", "split") are
 * left out.
 */
const IMPERATIVES = new Set(
  `
  accept activate add adjust allocate apply approve arrange assign authorise authorize begin bill
  book calculate call cancel capture charge check close collect commit compensate complete confirm
  create credit debit decline delete deliver deny deposit dispatch do draw emit enable execute
  expire fail finish fulfil fulfill generate get give handle hold initiate insert invoice issue
  lock make mark move notify open order pay perform pick place prepare process publish purchase
  push query receive refund register reject release remove request reserve resume retry return
  revoke rollback run save schedule sell send settle ship sign start stop store submit suspend
  take transfer trigger undo unlock validate verify void withdraw write
  `
    .trim()
    .split(/\s+/),
);
/**
 * Endings of past forms. With one of them, an imperative that is also a noun ("credit", "order") is
 * the object: credit_reserved.
 */
const PAST = new RegExp(
  "(ed|[^e]en|sent|paid|sold|made|lost|kept|met|set|put|split|begun|done|held|left|found" +
    "|built|bought|caught|told|out|up|ready|due|late)$",
);
const VAGUE_ANYWHERE = new Set(["maybe", "data", "info", "update", "stuff", "misc"]);
const VAGUE_ALONE = new Set([
  "changed",
  "processed",
  "done",
  "updated",
  "handled",
  "happened",
  "event",
]);
const SYNONYMS = [
  ["created", "placed", "submitted", "registered", "opened", "initiated", "started", "begun"],
  ["cancelled", "canceled", "aborted", "voided", "revoked"],
  ["completed", "finished", "fulfilled", "concluded", "done"],
  ["updated", "changed", "modified", "amended"],
  ["deleted", "removed", "erased"],
  ["approved", "accepted", "confirmed"],
  ["rejected", "declined", "refused", "denied"],
  ["refunded", "reimbursed", "repaid"],
];
const MEANING = new Map(
  SYNONYMS.flatMap((words) => words.map((word) => [word, words[0] ?? word] as const)),
);

/** This many names of others are listed. */
const SHOWN_MAX = 5;

/** Finds names that break the grammar, read as commands, are vague, or mean the same. */
export function nameProblems({ manifest, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  const known = new Map<string, { readonly type: string; readonly fact: string }>();
  const foreign: string[] = [];
  for (const type of graph.types) {
    const service = graph.emitters.get(type)?.[0]?.service.name;
    const at = { ...(service !== undefined && { service }), event: type };
    const parsed = parse(type);
    if (parsed === undefined && isForeign(manifest, type)) {
      foreign.push(type);
      continue;
    }
    if (parsed === undefined) {
      problems.push({ code: "NAME_GRAMMAR", message: `${type} is not <domain>.<fact>.v<N>`, at });
      continue;
    }
    const { domain, fact } = parsed;
    const words = fact.split("_");
    const [first = ""] = words;
    const command = IMPERATIVES.has(first) && !PAST.test(words.slice(1).at(-1) ?? "");
    if (command)
      problems.push({
        code: "COMMAND_NAME",
        message: `${type} reads as a command, not as a fact`,
        at,
      });
    const vague =
      words.find((word) => VAGUE_ANYWHERE.has(word)) ?? (VAGUE_ALONE.has(fact) ? fact : undefined);
    if (vague !== undefined && !command)
      problems.push({
        code: "VAGUE_NAME",
        message: `${type} does not say what happened: "${vague}"`,
        at,
      });
    const meaning = `${domain}.${words.map((word) => MEANING.get(word) ?? word).join("_")}`;
    const other = known.get(meaning);
    if (other === undefined) known.set(meaning, { type, fact });
    else if (other.fact !== fact && !explained(manifest, type, other.type)) {
      problems.push({
        code: "SYNONYM",
        message: `${type} and ${other.type} seem to mean the same`,
        at,
      });
    }
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
  return events.get(type)?.foreign === true && parse(type) === undefined;
}

function parse(type: string) {
  try {
    return parseTypeName(type);
  } catch {
    return undefined;
  }
}

/** Tells whether both events have a summary, and the summaries differ. */
function explained({ events }: Subject["manifest"], a: string, b: string): boolean {
  const first = events.get(a)?.summary;
  const second = events.get(b)?.summary;
  return first !== undefined && second !== undefined && first !== second;
}
