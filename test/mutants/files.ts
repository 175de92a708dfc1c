import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "odori/conformance";
import { partsOf, shellWord } from "../../src/acl/part.ts";
import { toAsyncApi } from "../../src/asyncapi/write.ts";
import { check } from "../../src/check/check.ts";
import { documentsBeside } from "../../src/cli/files.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { parseJsonOrYaml } from "../../src/manifest/text.ts";
import { writeManifest } from "../../src/manifest/write.ts";
import { temporaryFolder } from "../support/scope.ts";

const manifest = (service: string, event: Readonly<Record<string, unknown>> = {}) =>
  toManifest({
    odori: 1,
    name: "x",
    begins: ["a.b.v1"],
    services: { [service]: { begins: ["a.b.v1"] } },
    events: { "a.b.v1": event },
  });

/** What holds for files from elsewhere, in the smallest form. */
export function fileScenarios({ it }: Runner): void {
  it("a reference stays in the folder of its document", async () => {
    using outer = temporaryFolder("files");
    using inner = temporaryFolder("files", outer.path);
    writeFileSync(join(outer.path, "secret.json"), "{}");
    writeFileSync(join(inner.path, "common.json"), "{}");
    symlinkSync(join(outer.path, "secret.json"), join(inner.path, "link.json"));
    const root = join(inner.path, "root.json");
    const load = documentsBeside(root);
    assert.deepEqual(load("common.json", root).value, {});
    for (const name of ["../secret.json", "link.json", "./a/../../secret.json"])
      assert.throws(() => load(name, root), /leaves the folder/);
  });

  it("a reference leads to a regular file", async () => {
    using folder = temporaryFolder("files");
    const pipe = join(folder.path, "pipe.json");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const root = join(folder.path, "root.json");
    assert.throws(() => documentsBeside(root)("pipe.json", root), /not a regular file/);
  });

  it("aliases count as what they stand for", async () => {
    const list = `a: &a [${Array(1_000).fill("x").join(",")}]`;
    const text = `${list}\nb: [${Array(600).fill("*a").join(",")}]`;
    assert.throws(() => parseJsonOrYaml("x.yaml", text), /stand for too many nodes/);
  });

  it("an example is short", async () => {
    const schema = { type: "string", minLength: 100_000, maxLength: 200_000 };
    assert.ok(JSON.stringify(toAsyncApi(manifest("a", { schema }))).length < 10_000);
  });

  it("a manifest has no control characters", async () => {
    const text = writeManifest(manifest("a", { summary: "a\u009b31m\u202e" }));
    assert.ok(text.includes("a\\u009b31m\\u202e"));
  });

  it("a shell gets each word as it is", async () => {
    const words = ["it's", "$(id)", "a b", "`id`", ""];
    const { stdout } = spawnSync(
      "/bin/sh",
      ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`],
      { encoding: "utf8" },
    );
    assert.deepEqual(stdout.split("\0").slice(0, -1), words);
  });

  it("a name outside the grammar gets no permissions", async () => {
    assert.throws(() => partsOf(manifest("x$(id)")), /is not a service name/);
  });

  it("kafka-topic-names-collide: types whose topics collide are reported", async () => {
    const codes = (...begins: readonly string[]) =>
      check(toManifest({ odori: 1, name: "x", begins, services: { a: { begins } } })).findings.map(
        ({ code }) => code,
      );
    assert.ok(codes("a_b.c.v1", "a.b_c.v1").includes("TOPIC_COLLISION"));
    assert.ok(!codes("a_b.c.v1", "a.b_d.v1").includes("TOPIC_COLLISION"));
  });
}
