/** Files that break a rule today. Each list only ever shrinks; new files obey every rule. */
export const UNFINISHED: Readonly<
  Record<"width" | "words" | "oldNames" | "circles" | "names" | "glossary", readonly string[]>
> = {
  width: [],
  words: [],
  oldNames: [],
  circles: [],
  names: [],
  glossary: ["lane"],
};
