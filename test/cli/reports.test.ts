import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { ProgressLine } from "../../src/cli/progress.ts";
import { parseOutput } from "../../src/cli/report/formats.ts";
import { githubReport } from "../../src/cli/report/github.ts";
import { findingGroups } from "../../src/cli/report/located.ts";
import { sarifReport } from "../../src/cli/report/sarif.ts";
import { textReport } from "../../src/cli/report/text.ts";
import { plainPaint } from "../../src/text/paint.ts";
import { BROKEN } from "../check/broken.ts";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { HOSTILE, hostileManifest, subjectOf } from "../support/subject.ts";

function subject(name: string) {
  const found = BROKEN.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return subjectOf(found.manifest);
}

/** Reads a workflow command as the runner does. */
function parsed(line: string) {
  const [, level = "", list = "", text = ""] = /^::(\w+) ([^:]*)::(.*)$/.exec(line) ?? [];
  const decode = (value: string) =>
    value
      .replaceAll("%2C", ",")
      .replaceAll("%3A", ":")
      .replaceAll("%0A", "\n")
      .replaceAll("%25", "%");
  const properties = list.split(",").map((part): [string, string] => {
    const [key = "", value = ""] = part.split("=");
    return [key, decode(value)];
  });
  return { level, text: decode(text), ...Object.fromEntries(properties) };
}

describe("--format github", () => {
  it("is one command a finding, at its line, and one for the whole", () => {
    const lines = githubReport(subject("a failure that no service hears")).trimEnd().split("\n");
    expect(lines.map(parsed)).toEqual([
      {
        level: "error",
        file: "shop.json",
        line: "1",
        col: "1",
        title: "STUCK",
        text: [
          "the saga has no end: nothing is left to happen",
          "1. order: begins → order.placed.v1",
          "2. payment on order.placed.v1: refuses → payment.declined.v1",
          "Repair: let order also undo order.placed on payment.declined",
        ].join("\n"),
      },
      {
        level: "error",
        title: "odori: case",
        text: expect.stringMatching(/^✗ 1 error, 0 warnings/),
      },
    ]);
  });

  it("names files as the repository does, where the step runs in a folder of it", () => {
    const first = () =>
      githubReport(subject("a failure that no service hears")).split("\n").map(parsed)[0];
    vi.stubEnv("GITHUB_WORKSPACE", dirname(process.cwd()));
    expect(first()).toMatchObject({ file: `${basename(process.cwd())}/shop.json` });
    vi.stubEnv("GITHUB_WORKSPACE", join(process.cwd(), "elsewhere"));
    expect(first()).toMatchObject({ file: "shop.json" });
    vi.unstubAllEnvs();
  });

  it("a name makes no command of its own", () => {
    const hostile = subjectOf(hostileManifest());
    const lines = githubReport(hostile).trimEnd().split("\n");
    expect(lines).toHaveLength(hostile.report.findings.length + 1);
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^:]*::/);
    const texts = lines.map((line) => parsed(line).text).join("\n");
    for (const name of HOSTILE) expect(texts).toContain(name);
  });
});

describe("--format sarif", () => {
  it("has the declaration of each finding, and of each step to it", () => {
    const log = JSON.parse(JSON.stringify(sarifReport(subject("an effect without an undo"))));
    const result = log.runs[0].results.find(
      ({ ruleId }: { readonly ruleId: string }) => ruleId === "NO_UNDO",
    );
    expect([result.ruleId, result.locations[0].logicalLocations]).toEqual([
      "NO_UNDO",
      [{ fullyQualifiedName: "payment/payment.charged.v1" }],
    ]);
    const steps = result.codeFlows[0].threadFlows[0].locations;
    for (const { location } of [{ location: result.locations[0] }, ...steps])
      expect(location.physicalLocation).toEqual({
        artifactLocation: { uri: "shop.json", uriBaseId: "%SRCROOT%" },
        region: { startLine: expect.any(Number), startColumn: expect.any(Number) },
      });
  });

  it("fingerprints are unique, and the same in each run", () => {
    const fingerprints = () => {
      const log = JSON.parse(JSON.stringify(sarifReport(subjectOf(hostileManifest()))));
      return log.runs[0].results.map((result: Readonly<Record<string, unknown>>) =>
        JSON.stringify(result.partialFingerprints),
      );
    };
    const first = fingerprints();
    expect(new Set(first).size).toBe(first.length);
    expect(fingerprints()).toEqual(first);
  });
});

describe("--format text", () => {
  it("shows a counterexample once for all that it shows", () => {
    const { manifest, report, ...rest } = subject("a race of completion and expiry");
    const shared = findingGroups(report.findings).filter(({ findings }) => findings.length > 1);
    expect(shared.length).toBeGreaterThan(0);
    const text = textReport({ manifest, report, ...rest }, { paint: plainPaint, mermaid: false });
    const diagrams = text.split("\n").filter((line) => line.includes("● begins"));
    expect(diagrams).toHaveLength(
      findingGroups(report.findings).filter(({ trace }) => trace).length,
    );
    expect(diagrams.length).toBeLessThan(report.findings.length);
    for (const { message } of report.findings) expect(text).toContain(message);
  });
});

const MODULE = `import { choreography, event, service } from "odori";
import { z } from "zod";

const id = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", id);
const declined = event("payment.declined.v1", id);
const charged = event(
  "payment.charged.v1",
  id,
);
const expired = event("order.expired.v1", id);

const order = service("order")
  .begins(placed)
  .deadline(placed, { after: "1h", unless: [declined], emits: [expired] });
const payment = service("payment").on(placed, {
  emits: [charged],
  fails: [declined],
  handle: ({ data }) => charged(data),
});

export default choreography("shop", {
  services: [order, payment],
  begins: [placed],
  succeeds: [charged],
  pivots: [declined],
});
`;

/** Starting many commands takes its time on a busy machine. */
describe("odori check", { timeout: 600_000 }, () => {
  it("finds the call that declared a part, relative to the working folder", async () => {
    using folder = temporaryFolder("places", join(import.meta.dirname, "fixtures"));
    writeFileSync(join(folder.path, "shop.ts"), MODULE);
    const args = ["check", "shop.ts", "--json", "--no-repairs"];
    const { out } = await odori(args, undefined, folder.path);
    const places = JSON.parse(out).findings.map(
      ({ code, source }: { code: string; source: { file: string; line: number } }) =>
        `${code} ${source.file}:${source.line}`,
    );
    expect(places).toEqual([
      "UNHEARD shop.ts:15",
      "STUCK shop.ts:22",
      "DEADLINE_OUTLIVES_END shop.ts:15",
    ]);
    expect(out).not.toContain(folder.path);
  });

  it("finds the line of a YAML manifest, for each list", async () => {
    using folder = temporaryFolder("places");
    writeFileSync(
      join(folder.path, "shop.yaml"),
      `odori: 1
name: shop
begins: [order.placed.v1]
succeeds: [order.placed.v1]
pivots:
  - order.placed.v1
  - order.palced.v1
oneOf:
  - - order.placed.v1
    - order.palced.v1
locks:
  - name: l
    acquire: order.placed.v1
    release:
      - order.placed.v1
      - order.palced.v1
services:
  order:
    begins: [order.placed.v1]
    reactions:
      - on: [order.placed.v1]
      - on: [stock.ghost.v1]
    alsoHears:
      order.palced.v2: [order.palced.v1]
`,
    );
    const { out } = await odori(["check", "shop.yaml", "--json"], undefined, folder.path);
    const lines = JSON.parse(out).findings.map(
      ({ code, source }: { code: string; source: { file: string; line: number } }) =>
        `${code} ${source.line}`,
    );
    expect(lines.sort()).toEqual([
      "DEAD_REACTION 22",
      "NEVER_EMITTED 22",
      "UNKNOWN_NAME 10",
      "UNKNOWN_NAME 16",
      "UNKNOWN_NAME 24",
      "UNKNOWN_NAME 7",
    ]);
  });

  it("typos: unknown names are errors where a rule would not be checked", async () => {
    using folder = temporaryFolder("typos");
    const typos = BROKEN.find(({ name }) => name === "typos: a pivot that no service emits");
    writeFileSync(join(folder.path, "m.json"), JSON.stringify(typos?.manifest));
    const { status, out } = await odori(["check", "m.json"], undefined, folder.path);
    expect(status).toBe(1);
    expect(out).toContain("✗ UNKNOWN_NAME  pivots names payment.chraged.v1");
    expect(out).toContain("Did you mean payment.charged.v1");
  });

  it("writes several formats of one exploration, and refuses two on one output", async () => {
    using folder = temporaryFolder("formats");
    writeFileSync(join(folder.path, "m.json"), JSON.stringify(BROKEN[0]?.manifest));
    const run = (...args: readonly string[]) =>
      odori(["check", "m.json", ...args], undefined, folder.path);
    const files = ["--format", "sarif=a.sarif", "--format", "markdown=a.md"];
    const printed = await run("--format", "github", ...files);
    expect([printed.status, printed.out.split(" ")[0]]).toEqual([1, "::error"]);
    expect(await run("--format", "markdown")).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^### odori check `case`/),
    });
    expect(await run("--format", "text", "--format", "markdown")).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^USAGE: Two formats/),
    });
    for (const wrong of ["xml", "sarif="])
      expect(() => parseOutput(wrong)).toThrow(/Choose from .*markdown/);
    expect(await run("--format", "sarif=nowhere/a.sarif")).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^FILE_UNREADABLE/),
    });
  });

  it("--may-park names services, and says where it took a source for one", async () => {
    using folder = temporaryFolder("park");
    const sound = JSON.stringify(BROKEN.find(({ codes }) => codes.length === 0)?.manifest);
    writeFileSync(join(folder.path, "m.json"), sound);
    const run = (...args: readonly string[]) =>
      odori(["check", ...args], undefined, folder.path).then(({ status, out, err }) => {
        return [status, /PARKED_STUCK|Assumed: .*|USAGE: .*/.exec(out + err)?.[0]];
      });
    expect(await run("m.json")).toEqual([0, "Assumed: no delivery is given up on."]);
    expect(await run("m.json", "--may-park")).toEqual([1, "PARKED_STUCK"]);
    expect(await run("m.json", "--may-park", "order,stock")).toEqual([1, "PARKED_STUCK"]);
    expect(await run("m.json", "--may-park", "stocks")).toEqual([
      2,
      expect.stringContaining('"stocks" is not a service'),
    ]);
    expect(await run("--may-park", "m.json")).toEqual([
      2,
      expect.stringContaining("Write --may-park behind the sources"),
    ]);
  });
});

describe("the progress of a long search", () => {
  function terminal(isTTY: boolean) {
    let now = 0;
    let written = "";
    const to = { isTTY, write: (text: string) => (written += text) };
    const progress = new ProgressLine(to, 30, () => now);
    return {
      progress,
      at: (ms: number) => {
        now = ms;
        return progress;
      },
      take: () => {
        const text = written;
        written = "";
        return text;
      },
    };
  }

  it("is one line after a second, written over, and removed", () => {
    const { at, take } = terminal(true);
    at(900).show(1, 2);
    expect(take()).toBe("");
    at(1_500).show(16_384, 40_000);
    at(1_600).show(17_000, 41_000);
    expect(take()).toBe("\r\u001b[K16,384 states, 40,000 transitions, 1 of at most 30 s …");
    at(1_700).clear();
    expect(take()).toBe("\r\u001b[K");
  });

  it("is nothing where it would not be seen as one line, or was never there", () => {
    const piped = terminal(false);
    piped.at(9_000).show(16_384, 40_000);
    piped.progress.clear();
    expect(piped.take()).toBe("");
    const short = terminal(true);
    short.at(10).clear();
    expect(short.take()).toBe("");
  });
});
