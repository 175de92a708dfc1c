import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const KILOBYTE = 1_000;
const SIZE_MAX_KB = 120;

describe("the bundle of the page", () => {
  it("has at most 120 kB compressed, and nothing that the policy would refuse", () => {
    using folder = temporaryFolder("bundle");
    execFileSync(process.execPath, [join(ROOT, "scripts", "build-page.mjs"), folder.path]);
    const files = readdirSync(folder.path).sort();
    expect(files).toEqual(["icon.svg", "index.html", "page.css", "page.js"]);
    const texts = files.map((name) => readFileSync(join(folder.path, name)));
    const size = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
    expect(size / KILOBYTE).toBeLessThan(SIZE_MAX_KB);
    const html = readFileSync(join(folder.path, "index.html"), "utf8");
    expect(html).not.toMatch(/ style=| on\w+=|<style|<script(?! type="module" src=")/);
    expect(texts.join("\n")).not.toMatch(/\beval\(|new Function\(|document\.write/);
    expect(texts.join("\n")).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
  });
});
