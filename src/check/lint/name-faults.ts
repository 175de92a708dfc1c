import type { LintCode } from "../finding.ts";
import { areaOf } from "./areas.ts";
import { hasForeignLetters, inEnglish, isRomaji } from "./languages.ts";
import { type NameParts, typeNameOf } from "./name-parts.ts";
import {
  isDeed,
  isPast,
  isProgressive,
  pastOf,
  resultOf,
  saysWhatHappened,
  VERBS,
} from "./word-forms.ts";
import { wordSet } from "./word-set.ts";

/** What is wrong with one name. */
export interface NameFault {
  readonly code: LintCode;
  /** Follows the name in a sentence. */
  readonly what: string;
  /** A name without the fault, if one is known. */
  readonly proposal?: string;
}

/** Words that ask for something, anywhere in a name; and those that do so in front. */
const WISHES = wordSet("must please shall should");
const WISHES_FIRST = wordSet("let need needs try want wants");
/** Words that fit every event, wherever they stand. */
const VAGUE_ANYWHERE = wordSet(`
  data info information maybe misc perhaps probably something stuff update
`);
/** Words that say nothing if there are no others. */
const VAGUE_TOGETHER = wordSet(`
  activity alert action change changes changed done error errors event executed finished
  handled happened item job message modified next ng notification object occurred ok okay one
  operation performed problem process processed request response result results second signal
  state status step success task thing third two updated
`);
/** `finished` is coarse, and says what happened; `success` is a deed. */
const CLEAR_ALONE = new Set(["finished", "success", "request", "process", "second"]);
const STORAGE = wordSet(`
  api cache column database db document entity http record row sql table
`);
const STORED = wordSet(`
  called deleted inserted persisted saved selected stored synced updated upserted
`);
const SCREENS = wordSet(`
  button dialog form menu modal page popup screen tab tooltip view widget
`);
const SHOWN = wordSet(`
  clicked closed displayed hovered loaded opened pressed rendered scrolled shown tapped viewed
`);

/** Finds what is wrong with a name by itself: the fault that explains it, not all that follow. */
export function nameFaults(parts: NameParts): readonly NameFault[] {
  const language = foreign(parts);
  if (language !== undefined) return [language];
  const fault =
    unfinished(parts) ?? asks(parts) ?? technical(parts) ?? vague(parts) ?? notAFact(parts);
  if (fault !== undefined) return [fault];
  return [twoFacts(parts), repeats(parts)].flatMap((found) => found ?? []);
}

function foreign({ type, domain, words, version }: NameParts): NameFault | undefined {
  const all = [...domain.split("_"), ...words];
  if (!hasForeignLetters(type) && !all.some(isRomaji)) return undefined;
  const found = inEnglish(type, all);
  const english =
    found !== undefined && nameIsSound({ domain: found.domain, words: [found.fact] })
      ? found
      : undefined;
  const letters = hasForeignLetters(type)
    ? "has letters that brokers do not carry"
    : "is Japanese in Latin letters, which each reader spells differently";
  return {
    code: "NAME_LANGUAGE",
    what: letters,
    ...(english && { proposal: typeNameOf(english.domain, [english.fact], version) }),
  };
}

function asks(parts: NameParts): NameFault | undefined {
  const { domain, words } = parts;
  const [first = "", ...rest] = words;
  const last = words.at(-1) ?? "";
  if (words.some((word) => WISHES.has(word)) || WISHES_FIRST.has(first))
    return { code: "COMMAND_NAME", what: "asks for something; an event says what has happened" };
  const phrasal = rest.length === 1 && PARTICLES.has(last);
  const imperative =
    VERBS.has(first) && (phrasal || !saysWhatHappened(rest.slice(-1))) && !isOutcome(first, last);
  const trailing = VERBS.has(last) && !saysWhatHappened(words) && !isVague(parts);
  if (imperative || trailing) return command(parts, imperative ? first : last);
  const [deed = ""] = words;
  if (last === "requested" && words.length === 2 && areaOf(domain)?.deeds.has(deed) === true)
    return {
      code: "COMMAND_NAME",
      what: `asks ${domain} for something: a command in the past tense`,
    };
  return undefined;
}

/** Tells whether a verb that is also a noun stands before what became of it. */
function isOutcome(first: string, last: string): boolean {
  return RESULTS.has(last) && NOUNS_TOO.has(first);
}

function command({ domain, words, version }: NameParts, verb: string): NameFault {
  const objects = words.filter((word) => word !== verb && !["it", "now", domain].includes(word));
  const about = domain === "" ? (objects.at(-1) ?? "") : domain;
  const fact = [...objects.filter((word) => word !== about), pastOf(verb)];
  const told = nameIsSound({ domain: about, words: fact });
  // What is done with "do" or "ask" is not known.
  const known = about !== "" && objects.length < 3 && told && !EMPTY_VERBS.has(verb);
  return {
    code: "COMMAND_NAME",
    what: "reads as a command, not as a fact",
    ...(known && { proposal: typeNameOf(about, fact, version) }),
  };
}

/** `take_back` is a command, though `parcel_back` is a state. */
const PARTICLES = wordSet("away back down in off on out over up");
/** What becomes of a deed: `capture_failure` is not a command. */
const RESULTS = wordSet("completion confirmation expiry failure rejection success timeout");
const NOUNS_TOO = wordSet(`
  bill book capture charge check claim credit debit deposit dispatch hold invoice issue offer
  order purchase query refund release request return review sale schedule transfer
`);
const EMPTY_VERBS = wordSet(`
  ask do execute get give go handle inform make move notify perform process request roll run
  tell
`);

function nameIsSound({ domain, words }: Pick<NameParts, "domain" | "words">): boolean {
  const parts = { type: "", domain, words, version: 1, grammatical: true };
  return [unfinished, technical, vague, notAFact, repeats].every(
    (look) => look(parts) === undefined,
  );
}

function unfinished({ domain, words, version }: NameParts): NameFault | undefined {
  if (words.includes("will"))
    return { code: "UNFINISHED_NAME", what: "says what is to come, not what has happened" };
  const word = words.find(isProgressive);
  if (word === undefined || words.some(isPast)) return undefined;
  const [only] = words;
  const stem = word.slice(0, -3);
  const verb = [stem, `${stem}e`].find((form) => VERBS.has(form));
  return {
    code: "UNFINISHED_NAME",
    what: `is still going on: "${word}"`,
    ...(words.length === 1 &&
      only === word &&
      verb !== undefined && { proposal: typeNameOf(domain, [pastOf(verb)], version) }),
  };
}

function technical({ words }: NameParts): NameFault | undefined {
  const both = (things: ReadonlySet<string>, deeds: ReadonlySet<string>) =>
    words.some((word) => things.has(word)) && deeds.has(words.at(-1) ?? "");
  if (both(STORAGE, STORED))
    return { code: "TECHNICAL_NAME", what: "tells of a table or a call, not of the business" };
  if (both(SCREENS, SHOWN))
    return { code: "TECHNICAL_NAME", what: "tells of a screen, which concerns no other service" };
  return undefined;
}

function isVague({ domain, words }: NameParts): boolean {
  const says = words.filter((word) => word !== domain && !/^(step)?\d+$/.test(word));
  if (words.length === 0 || (words.length === 1 && CLEAR_ALONE.has(words[0] ?? ""))) return false;
  return says.every((word) => VAGUE_TOGETHER.has(word)) && !words.every((word) => word === domain);
}

function vague(parts: NameParts): NameFault | undefined {
  const word =
    parts.words.find((one) => VAGUE_ANYWHERE.has(one)) ??
    (isVague(parts) ? parts.words.join("_") : undefined);
  return word === undefined
    ? undefined
    : { code: "VAGUE_NAME", what: `does not say what happened: "${word}"` };
}

function notAFact({ domain, words, version }: NameParts): NameFault | undefined {
  if (words.length === 0 || words.every((word) => word === domain))
    return { code: "NOT_A_FACT", what: "says who, and not what happened" };
  const last = words.at(-1) ?? "";
  if (saysWhatHappened(words) || !isDeed(last)) return undefined;
  const fact = resultOf(last);
  const before = words.slice(0, -1).filter((word) => word !== domain);
  return {
    code: "NOT_A_FACT",
    what: `names a thing, and not what happened: "${last}"`,
    ...(fact !== undefined && { proposal: typeNameOf(domain, [...before, fact], version) }),
  };
}

function twoFacts({ words }: NameParts): NameFault | undefined {
  const middle = words.indexOf("and");
  const both = words.slice(0, middle).some(isPast) && words.slice(middle + 1).some(isPast);
  return middle > 0 && both
    ? { code: "TWO_FACTS", what: "tells two facts; a consumer may care for one of them" }
    : undefined;
}

function repeats({ domain, words, version }: NameParts): NameFault | undefined {
  const [first, ...rest] = words;
  if (first !== domain || rest.length === 0) return undefined;
  return {
    code: "REPEATED_DOMAIN",
    what: `says "${domain}" twice`,
    proposal: typeNameOf(domain, rest, version),
  };
}
