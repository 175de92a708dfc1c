import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "./broken.ts";
import { SOUND } from "./sound.ts";

function codesOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const { findings } = check(toManifest(manifest), { repairs: false });
  return [
    ...new Set(findings.filter(({ severity }) => severity === "error").map(({ code }) => code)),
  ].sort();
}

describe("sound choreographies stay silent", () => {
  it.each(SOUND)("$name", ({ manifest }) => {
    expect(codesOf(manifest)).toEqual([]);
  });
});

describe("broken choreographies are found out", () => {
  it.each(BROKEN)("$name", ({ manifest, codes }) => {
    expect(codesOf(manifest)).toEqual(codes);
  });
});
