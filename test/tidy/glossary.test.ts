import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFERRED_STATES } from "../../src/ports/deferred.ts";
import { DISPOSITIONS } from "../../src/ports/journal.ts";
import { ROOT, sources } from "./sources.ts";
import { UNFINISHED } from "./unfinished.ts";

const page = readFileSync(join(ROOT, "docs", "reference", "glossary.md"), "utf8");
const words = [...page.matchAll(/^\| ([a-z ]+) \| (?!meaning)/gm)].map(([, word = ""]) => word);

/** The words without which a choreography cannot be talked about. */
const VOCABULARY = `event contract envelope service reaction outcome effect undo fence join deadline
  saga choreography bus store relay parked`.split(/\s+/);

describe("the glossary", () => {
  it("has the vocabulary, and each word once", () => {
    expect(VOCABULARY.filter((word) => !words.includes(word))).toEqual([]);
    expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
  });

  it("has only words that the code uses", () => {
    const code = sources.map(({ text }) => text).join("\n");
    const unused = words.filter((word) => {
      const written = new RegExp(`(?<![a-z])${word.replaceAll(" ", "[ _-]?")}`, "i");
      return !written.test(code) && !UNFINISHED.glossary.includes(word);
    });
    expect(unused).toEqual([]);
  });

  it("lists every disposition and every state of a deferred delivery", () => {
    const listed = (start: string) => {
      const [sentence = ""] = new RegExp(`^${start}[\\s\\S]*?\\.$`, "m").exec(page) ?? [];
      return [...sentence.matchAll(/`(\w+)`/g)].map(([, word]) => word).sort();
    };
    expect(listed("A disposition is one of")).toEqual([...DISPOSITIONS].sort());
    expect(listed("A deferred delivery is")).toEqual([...DEFERRED_STATES].sort());
  });
});
