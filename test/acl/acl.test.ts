import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { manifestOf, toManifest } from "odori/manifest";
import { describe, expect, it } from "vitest";
import choreography from "../../examples/order/choreography.ts";
import { kafkaCommands, kafkaNames } from "../../src/acl/kafka.ts";
import { natsConfig, natsNames } from "../../src/acl/nats.ts";
import { partsOf, shellWord } from "../../src/acl/part.ts";
import { rabbitArguments, rabbitCommands, rabbitNames } from "../../src/acl/rabbitmq.ts";

/** Runs text in a shell in which every command is `printf`: returns the words that it got. */
function wordsIn(script: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "odori-shell-"));
  try {
    const say = `say() { printf '%s\\0' "$@"; }; ${script}`;
    const ran = spawnSync("/bin/sh", ["-c", say], { cwd: folder, encoding: "utf8" });
    expect([ran.status, ran.stderr, readdirSync(folder)]).toEqual([0, "", []]);
    return ran.stdout.split("\0").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const manifest = (service: string, type: string) =>
  toManifest({ odori: 1, name: "x", services: { [service]: { begins: [type] } } });

describe("what odori acl prints", () => {
  it("a shell reads back each word, and runs none", () => {
    const hostile = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."'\"$(`;&|><*?~#!{}[]\\ \n\tax-") }),
      fc.constantFrom("$(touch PWNED)", "'; touch PWNED; '", "`touch PWNED`", "-n", "~", ""),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (words) => {
        expect(wordsIn(`say ${words.map(shellWord).join(" ")}`)).toEqual(words);
      }),
      { numRuns: 150 },
    );
  });

  it("commands for a virtual host with quotes have it as one word", () => {
    const names = rabbitNames("odori", "it's $(touch PWNED)");
    const parts = partsOf(manifestOf(choreography));
    const script = rabbitCommands(parts, names).replaceAll(/^rabbitmqctl/gm, "say");
    expect(wordsIn(script)).toEqual(parts.flatMap((part) => rabbitArguments(part, names).flat()));
  });

  it.each([
    "x$(touch PWNED)",
    "pay'; touch PWNED; '",
    "*",
    "a; touch PWNED; #",
    "a.b",
    ">",
    "A",
    "a\nb",
    "",
  ])("a service %j is refused", (name) => {
    const unreadable = name === "" || name.includes("\n");
    const reason = unreadable ? /is not a valid manifest/ : /is not a service name/;
    expect(() => partsOf(manifest(name, "a.b.v1"))).toThrow(reason);
  });

  it.each(["a' ; touch PWNED ; '.b.v1", "x$(touch PWNED)", "a.*.v1", "a.b.>", "user/signedup"])(
    "a type %j is refused",
    (type) => {
      expect(() => partsOf(manifest("order", type))).toThrow(/is not an event type/);
    },
  );

  it("an option that would leave its line is refused", () => {
    for (const bad of ["a\nb", "a b", "$(x)"]) {
      expect(() => natsNames(bad)).toThrow("stream is");
      expect(() => natsNames("ODORI", bad)).toThrow("prefix is");
      expect(() => kafkaNames(bad)).toThrow("prefix is");
      expect(() => rabbitNames(bad, "/")).toThrow("exchange is");
    }
  });

  it("the parts of a choreography come as before", () => {
    const parts = partsOf(manifestOf(choreography));
    expect(kafkaCommands(parts, kafkaNames())).toContain(
      "--allow-principal User:payment --operation Write --topic odori.payment.authorized.v1",
    );
    expect(natsConfig(parts, natsNames("ODORI"))).toContain('{ user: "payment",');
  });
});
