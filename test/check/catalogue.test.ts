import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import type { Severity } from "../../src/check/finding.ts";
import { RULES } from "../../src/check/lint/rules.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "./broken.ts";
import { SOUND } from "./sound.ts";

const LINT = new Set<string>(RULES.map(({ code }) => code));

function codesOf(manifest: Readonly<Record<string, unknown>>, wanted: Severity = "error") {
  const { findings } = check(toManifest(manifest), { repairs: false });
  const found = findings.filter(
    ({ code, severity }) => severity === wanted && (severity === "error" || !LINT.has(code)),
  );
  return [...new Set(found.map(({ code }) => code))].sort();
}

describe("sound choreographies stay silent", () => {
  it.each(SOUND)("$name", ({ manifest }) => {
    expect(codesOf(manifest)).toEqual([]);
    expect(codesOf(manifest, "warning")).toEqual([]);
  });
});

describe("broken choreographies are found out", () => {
  it.each(BROKEN)("$name", ({ manifest, codes, warnings = [] }) => {
    expect(codesOf(manifest)).toEqual(codes);
    expect(codesOf(manifest, "warning")).toEqual(warnings);
  });
});
