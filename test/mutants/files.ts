import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "odori/conformance";
import { partsOf, shellWord } from "../../src/acl/part.ts";
import { readAsyncApi } from "../../src/asyncapi/read.ts";
import { toAsyncApi } from "../../src/asyncapi/write.ts";
import { check } from "../../src/check/check.ts";
import { documentsBeside } from "../../src/cli/files.ts";
import { flowOf } from "../../src/draw/flow.ts";
import { toLinks } from "../../src/manifest/links.ts";
import { mergeManifests } from "../../src/manifest/merge.ts";
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

  const document = (action: "send" | "receive", address = "c") => ({
    asyncapi: "3.0.0",
    info: { title: action === "send" ? "Maker" : "Taker", version: "1" },
    channels: { c: { address, messages: { Made: { payload: { type: "object" } } } } },
    operations: { o: { action, channel: { $ref: "#/channels/c" } } },
  });
  const nowhere = () => {
    throw new Error("it refers to no other document");
  };
  const read = (action: "send" | "receive", address?: string) => ({
    from: `${action}.yaml`,
    manifest: readAsyncApi(document(action, address), `${action}.yaml`, nowhere),
  });
  const links = (taker: object) => ({
    from: "links.yaml",
    ...toLinks({
      "odori-links": 1,
      begins: ["Made"],
      services: { maker: { begins: ["Made"] }, taker },
    }),
  });

  it("links leave out nothing of a document", async () => {
    const sources = [read("send"), read("receive"), links({ reactions: [] })];
    const { contradictions } = mergeManifests(sources);
    assert.deepEqual(
      contradictions.map(({ code, event }) => [code, event]),
      [["LINKS_INCOMPLETE", "Made"]],
    );
  });

  it("a service with links replaces the one without", async () => {
    for (const turned of [false, true]) {
      const sources = [read("send"), read("receive"), links({ reactions: [{ on: ["Made"] }] })];
      const { manifest, contradictions } = mergeManifests(turned ? sources.reverse() : sources);
      assert.deepEqual(contradictions, []);
      assert.ok([...manifest.services.values()].every(({ unlinked }) => !unlinked));
    }
  });

  it("a message has one name in all documents", async () => {
    const { manifest } = mergeManifests([read("send", "a"), read("receive", "b")]);
    assert.deepEqual([...manifest.events.keys()], ["Made"]);
  });

  it("names of others are information", async () => {
    const { findings } = check(mergeManifests([read("send"), read("receive")]).manifest);
    const named = findings.filter(({ code }) => code === "NAME_GRAMMAR");
    assert.deepEqual(
      named.map(({ severity }) => severity),
      ["information"],
    );
  });

  it("draw-one-service: what it hears and emits is drawn", async () => {
    for (const action of ["send", "receive"] as const) {
      const { edges } = flowOf(read(action).manifest);
      assert.deepEqual(
        edges.map(({ type }) => type),
        ["Made"],
      );
    }
  });
}
