import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./sources.ts";

interface Package {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function packageAt(...folder: readonly string[]): Package {
  return JSON.parse(readFileSync(join(ROOT, ...folder, "package.json"), "utf8"));
}

type Version = readonly [major: number, minor: number, patch: number];

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = (/\d+(\.\d+)*/.exec(text)?.[0] ?? "")
    .split(".")
    .map(Number);
  return [major, minor, patch];
}

function atLeast(a: Version, b: Version): boolean {
  const difference = a.map((part, i) => part - (b[i] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0;
}

/** Understands `^1.2.3` and `>=1.2.3`, joined by `||`: all that these packages use. */
function satisfies(version: Version, range: string): boolean {
  return range.split("||").some((part) => {
    const least = versionOf(part);
    const sameMajor = version[0] === least[0];
    return atLeast(version, least) && (sameMajor || part.trim().startsWith(">="));
  });
}

const own = packageAt();
/** Clients that are too large for every install, and the folder of the tests that run with them. */
const LARGE: Readonly<Record<string, string>> = { "@asyncapi/converter": "test/oracles" };
const peers = Object.entries(own.peerDependencies);

describe("package.json", () => {
  it("a client is tested in the range that users may install", () => {
    for (const [name, range] of peers) {
      const large = LARGE[name];
      const tested = large === undefined ? own.devDependencies : packageAt(large).dependencies;
      expect([name, tested[name]]).toEqual([name, range]);
      const { version } = packageAt(large ?? ".", "node_modules", name);
      expect([name, version, satisfies(versionOf(version), range)]).toEqual([name, version, true]);
    }
  });

  it("PGlite is in the range that its socket server needs, so that both can be installed", () => {
    const name = "@electric-sql/pglite";
    const { [name]: needed = "" } = packageAt("test", "runners").dependencies;
    const { [name]: range = "" } = own.peerDependencies;
    expect([needed, satisfies(versionOf(needed), range)]).toEqual([needed, true]);
  });

  it("a client is optional", () => {
    expect(Object.keys(own.peerDependenciesMeta).sort()).toEqual(
      peers.map(([name]) => name).sort(),
    );
    for (const meta of Object.values(own.peerDependenciesMeta)) expect(meta.optional).toBe(true);
  });

  it("every Node that the package supports, its clients support", () => {
    for (const [name] of peers) {
      const range = packageAt(LARGE[name] ?? ".", "node_modules", name).engines?.node ?? ">=0";
      for (const part of own.engines.node.split("||"))
        expect([name, part, satisfies(versionOf(part), range)]).toEqual([name, part, true]);
    }
  });

  it("the command refuses a Node that is older than those", () => {
    const main = readFileSync(join(ROOT, "src", "cli", "main.ts"), "utf8");
    const [, major, minor] = /NODE_LEAST = \[(\d+), (\d+)\]/.exec(main) ?? [];
    expect(own.engines.node).toContain(`^${major}.${minor}.0 `);
  });

  it("ranges are understood as npm does", () => {
    expect(satisfies([22, 21, 9], "^22.22.0 || >=24.6.0")).toBe(false);
    expect(satisfies([23, 0, 0], "^22.22.0 || >=24.6.0")).toBe(false);
    expect(satisfies([24, 6, 0], "^22.22.0 || >=24.6.0")).toBe(true);
    expect(satisfies([2, 0, 0], "^1.35.0")).toBe(false);
  });
});
