/** A word or name that is not written any more, and what to write instead. */
export interface Banned {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Words that hide the subject of a sentence, or are not those of the field. */
export const BANNED_WORDS: readonly Banned[] = [
  { pattern: /\bwho(so)?ever\b/i, instead: "the part: the store, the bus, the caller" },
  { pattern: /\bwhatever\b/i, instead: "the thing itself, or any" },
  { pattern: /\bnobody\b/i, instead: "the part: no service, no process" },
  { pattern: /\bsomebody\b/i, instead: "the part: another process, a service" },
  { pattern: /\banew\b/i, instead: "again" },
  { pattern: /\banswer(s|ed|ing)? for\b/i, instead: "confirm, or complete" },
  { pattern: /\btaken? for\b/i, instead: "mistaken for, or treated as" },
  { pattern: /\bmend(s|ed|ing)?\b/i, instead: "hint, repair, or fix" },
  { pattern: /\bso (long|many)\b/i, instead: "the parameter's name" },
  { pattern: /\bis no\b(?! longer)/i, instead: "is not a" },
];

/** A type's name that is an English word as well: only where code uses it. */
const asType = (name: string) => new RegExp(`\\b${name}\\b(?= ?[<>()[\\]{},;|])`);

/** Names that were replaced. CHANGELOG.md has the table. */
export const OLD_NAMES: readonly Banned[] = [
  { pattern: /\b[Mm]isfits?\b|Misfit|misfitText/, instead: "Undeliverable, SchemaMismatch" },
  { pattern: asType("Standing"), instead: "ReceiptStatus" },
  { pattern: asType("Occasion"), instead: "Attempt" },
  { pattern: asType("Settle"), instead: "Completion" },
  { pattern: asType("Shared"), instead: "TaskContext" },
  { pattern: asType("Slots"), instead: "Semaphore" },
  { pattern: asType("Serial"), instead: "Mutex" },
  { pattern: /\bSTEPS\b/, instead: "CRASH_POINTS" },
  { pattern: /\bRefutation\b/, instead: "Counterexample" },
  { pattern: /\bRepairShop\b/, instead: "RepairSearch" },
  { pattern: /\bOffence\b|[a-z]Offences\b/, instead: "LintProblem" },
  { pattern: asType("Deed"), instead: "TraceAction" },
  { pattern: /\bAftermath\b/, instead: "CommitResult" },
  { pattern: /\b(FineExploration|exploreFine)\b/, instead: "CrashExploration, exploreCrashes" },
  { pattern: /--fine\b/, instead: "--crashes" },
  { pattern: /--plain\b/, instead: "--no-reduction" },
  { pattern: /\.after\(\w+, \{/, instead: ".deadline(event, { after, … })" },
];
