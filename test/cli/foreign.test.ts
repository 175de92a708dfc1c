import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toLinks } from "../../src/manifest/links.ts";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const FOLDER = join(ROOT, "test", "cli", "foreign");
// Each command is a process of its own, on a machine that may be busy.
const SLOW = { timeout: 240_000 };
const DOCUMENTS = ["order.yaml", "payment.yaml", "stock3.yaml"];

async function check(...sources: readonly string[]) {
  const { out, status, err } = await odori(["check", ...sources, "--json"], undefined, FOLDER);
  const report = JSON.parse(out);
  expect(err).toBe("");
  const findings: readonly { code: string; severity: string; message: string }[] = report.findings;
  const codes = (severity: string) =>
    findings.filter((finding) => finding.severity === severity).map(({ code }) => code);
  return { status, report, findings, errors: codes("error"), information: codes("information") };
}

/** Writes a manifest of the cases as an overlay. */
async function overlay(
  name: string,
  use: (file: string) => Promise<void>,
  change = (s: string) => s,
) {
  using folder = temporaryFolder("foreign");
  const text = readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
  writeFileSync(join(folder.path, "l.yaml"), change(text.replace("odori: 1", "odori-links: 1")));
  await use(join(folder.path, "l.yaml"));
}

describe("three documents of others", SLOW, () => {
  it("with links-good: every saga ends well, and names of others are information", async () => {
    const { status, report, findings, information } = await check(...DOCUMENTS, "links-good.yaml");
    expect(status).toBe(0);
    expect(report).toMatchObject({ ok: true, choreography: "shop" });
    expect(report.explored).toMatchObject({ exhaustive: true, states: 6 });
    expect(information).toEqual(["NAME_GRAMMAR"]);
    expect(findings).toHaveLength(1);
    const text = await odori(["check", ...DOCUMENTS, "links-good.yaml"], undefined, FOLDER);
    expect(text.out).toContain("✓ every saga ends well");
    expect(text.out).toContain("i NAME_GRAMMAR  others have names");
    expect(text.out).toContain("0 warnings");
  });

  it("with links-bad: STUCK, and the links leave out what the document says", async () => {
    const { status, errors, findings } = await check(...DOCUMENTS, "links-bad.yaml");
    expect(status).toBe(1);
    expect(errors).toContain("STUCK");
    const left = findings.filter(({ code }) => code === "LINKS_INCOMPLETE");
    expect(left.map(({ message }) => message)).toEqual([
      "payment.yaml says that payment_service hears StockSoldOut; its links do not",
      "payment.yaml says that payment_service emits PaymentRefunded; its links do not",
    ]);
  });

  it("with links: what services without inbox and fence risk", async () => {
    const { errors } = await check(...DOCUMENTS, "links.yaml");
    for (const code of ["HANGING", "DOUBLE_EFFECT", "DOUBLE_COMPENSATION"])
      expect(errors).toContain(code);
    // Two documents, and the third service in the links alone, as the names of its events are.
    const two = await check("order.yaml", "payment.yaml", "links.yaml");
    expect(two.errors).toContain("HANGING");
    expect(two.errors).not.toContain("NAME_GRAMMAR");
  });

  it("links may come before documents, and the result may be written and checked", async () => {
    using folder = temporaryFolder("foreign");
    const sources = ["links-good.yaml", ...DOCUMENTS.toReversed()];
    const { out, status } = await odori(["manifest", ...sources], undefined, FOLDER);
    expect(status).toBe(0);
    const file = join(folder.path, "shop.json");
    writeFileSync(file, out);
    const { report, information } = await check(file);
    expect(report).toMatchObject({ ok: true, explored: { states: 6 } });
    expect(information).toEqual(["NAME_GRAMMAR"]);
    expect(JSON.parse(out).events.OrderPlaced).toMatchObject({
      foreign: true,
      address: "shop.orders",
      schema: { type: "object" },
    });
  });

  it("without links nothing is explored, and the command says how to write them", async () => {
    const { report, findings } = await check(...DOCUMENTS);
    expect(report.explored).toMatchObject({ states: 0 });
    const unknown = findings.find(({ code }) => code === "UNKNOWN_LINKS");
    expect(unknown).toMatchObject({ hint: expect.stringContaining("odori link init") });
    expect(findings.map(({ code }) => code)).not.toContain("CONTRADICTION");
  });

  it("NAME_GRAMMAR=error holds others to the grammar", async () => {
    const sources = [...DOCUMENTS, "links-good.yaml"];
    const { status } = await odori(
      ["check", ...sources, "--rule", "NAME_GRAMMAR=error"],
      undefined,
      FOLDER,
    );
    expect(status).toBe(1);
  });
});

describe("an overlay", SLOW, () => {
  it("proves what the same manifest proves; its file names the choreography", async () => {
    await overlay(
      "links-good",
      async (file) => {
        const { status, report } = await check(...DOCUMENTS, file);
        expect([status, report.choreography]).toEqual([0, "l"]);
        const alone = await check(file);
        expect(alone.status).toBe(0);
      },
      (text) => text.replace("name: shop\n", ""),
    );
    await overlay("links-bad", async (file) => {
      const { errors } = await check(...DOCUMENTS, file);
      expect(errors).toContain("STUCK");
      expect(errors).toContain("LINKS_INCOMPLETE");
    });
  });

  it.each([
    ["a service", "  stock_service:", "  stocks:", "LINKS_UNKNOWN", "names the service stocks"],
    ["a service", "  stock_service:", "  stocks:", "LINKS_INCOMPLETE", "links of stock_service"],
    ["a message", "fails: [StockSoldOut]", "fails: [SoldOut]", "LINKS_UNKNOWN", "emits SoldOut"],
    ["a message", "fails: [StockSoldOut]", "fails: []", "LINKS_INCOMPLETE", "emits StockSoldOut"],
    ["an end", "fails: [OrderCancelled]", "fails: [Cancelled]", "LINKS_UNKNOWN", "Cancelled"],
    ["a name", "begins:", "names: { a: Placed }\nbegins:", "LINKS_UNKNOWN", "names a, a message"],
  ])("%s that differs from the documents: %s → %s is %s", async (_, find, put, code, message) => {
    await overlay(
      "links-good",
      async (file) => {
        const { status, findings } = await check(...DOCUMENTS, file);
        expect(status).toBe(1);
        const found = findings.filter((finding) => finding.code === code);
        expect(found.map((finding) => finding.message).join("\n")).toContain(message);
      },
      (text) => text.replace(find, put),
    );
  });

  it("a difference is accepted with a reason", async () => {
    const reason = "suppress: { LINKS_INCOMPLETE: refunds are another saga }";
    await overlay(
      "links-bad",
      async (file) => {
        const { errors, report } = await check(...DOCUMENTS, file);
        expect(errors).not.toContain("LINKS_INCOMPLETE");
        expect(report.suppressed).toHaveLength(2);
        expect(report.suppressed[0].reason).toBe("refunds are another saga");
      },
      (text) => text.replace("  payment_service:\n", `  payment_service:\n    ${reason}\n`),
    );
  });

  it("gives a message of two names one, also by its channel", async () => {
    using folder = temporaryFolder("foreign");
    cpSync(FOLDER, folder.path, { recursive: true });
    const rename = (file: string, find: string, put: string) =>
      writeFileSync(
        join(folder.path, file),
        readFileSync(join(folder.path, file), "utf8").replaceAll(find, put),
      );
    rename("payment.yaml", "OrderPlaced", "order-placed");
    rename("stock3.yaml", "PaymentAuthorized", "Authorized");
    const names =
      'names: { order-placed: OrderPlaced, "shop.payments#Authorized": PaymentAuthorized }';
    rename("links-good.yaml", "odori: 1", `odori-links: 1\n${names}`);
    const sources = [...DOCUMENTS, "links-good.yaml"];
    const { status, out } = await odori(["check", ...sources], undefined, folder.path);
    expect(out).toContain("✓ every saga ends well");
    expect(status).toBe(0);
  });
});

describe("odori link init", SLOW, () => {
  it("writes a skeleton that is an overlay, and lacks only what no document says", async () => {
    const { status, out, err } = await odori(["link", "init", ...DOCUMENTS], undefined, FOLDER);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain("succeeds: [] # of OrderCancelled, StockReserved");
    const { manifest } = toLinks(parse(out));
    expect(
      [...manifest.services.values()].map(({ name, inbox, fence }) => [name, inbox, fence]),
    ).toEqual([
      ["order_service", false, false],
      ["payment_service", false, false],
      ["stock_service", false, false],
    ]);
    using folder = temporaryFolder("foreign");
    const file = join(folder.path, "links.yaml");
    writeFileSync(file, out);
    const { findings } = await check(...DOCUMENTS, file);
    const codes = new Set(findings.map(({ code }) => code));
    expect(codes).toContain("LINKS_INCOMPLETE");
    expect(codes).not.toContain("LINKS_UNKNOWN");
    expect(findings.filter(({ message }) => /hears .*; its links do not/.test(message))).toEqual(
      [],
    );
    const json = await odori(["link", "init", ...DOCUMENTS, "--json"], undefined, FOLDER);
    expect(JSON.parse(json.out)).toEqual(parse(out));
  });

  it("proposes one name where two look alike", async () => {
    using folder = temporaryFolder("foreign");
    cpSync(FOLDER, folder.path, { recursive: true });
    const payment = join(folder.path, "payment.yaml");
    const text = readFileSync(payment, "utf8").replaceAll("OrderPlaced", "order-placed-event");
    writeFileSync(payment, text);
    const { out } = await odori(["link", "init", ...DOCUMENTS], undefined, folder.path);
    expect(parse(out).names).toEqual({ "order-placed-event": "OrderPlaced" });
    expect(parse(out).services.payment_service.reactions[0].on).toEqual(["OrderPlaced"]);
  });

  it("quotes names that YAML would read as something else", async () => {
    using folder = temporaryFolder("foreign");
    const names = ["on", "a: b", "x, y", "# no", "[z]", "null", "12"];
    const messages = Object.fromEntries(names.map((name) => [name, { payload: {} }]));
    const document = {
      asyncapi: "3.0.0",
      info: { title: "No", version: "1" },
      channels: { c: { address: "c", messages } },
      operations: { o: { action: "receive", channel: { $ref: "#/channels/c" } } },
    };
    writeFileSync(join(folder.path, "no.json"), JSON.stringify(document));
    const { out } = await odori(["link", "init", "no.json"], undefined, folder.path);
    const { services } = parse(out);
    expect(services.no.reactions.flatMap(({ on }: { on: unknown }) => on).sort()).toEqual(
      names.sort(),
    );
  });

  it("says so where nothing is to be linked", async () => {
    const { status, err } = await odori(["link", "init", "links-good.yaml"], undefined, FOLDER);
    expect(status).toBe(2);
    expect(err).toMatch(/^USAGE: .*none is missing/);
  });
});

describe("AsyncAPI 2", SLOW, () => {
  it("without the converter: a coded error that says what to install", async () => {
    using folder = temporaryFolder("foreign");
    cpSync(FOLDER, folder.path, { recursive: true });
    const { status, err } = await odori(["check", "stock.yaml"], undefined, folder.path);
    expect(status).toBe(2);
    expect(err).toMatch(/^CONVERTER_MISSING: .*npm install --save-dev @asyncapi\/converter/);
  });

  it("an older document is refused", async () => {
    using folder = temporaryFolder("foreign");
    writeFileSync(join(folder.path, "old.json"), JSON.stringify({ asyncapi: "1.2.0" }));
    const { status, err } = await odori(["check", "old.json"], undefined, folder.path);
    expect(status).toBe(2);
    expect(err).toMatch(/^MANIFEST_INVALID: [\s\S]*1\.2\.0/);
  });
});
