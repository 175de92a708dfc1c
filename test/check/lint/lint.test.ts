import { describe, expect, it } from "vitest";
import { check } from "../../../src/check/check.ts";
import type { Finding } from "../../../src/check/finding.ts";
import { lint } from "../../../src/check/lint/lint.ts";
import { RULES } from "../../../src/check/lint/rules.ts";
import { flowGraph } from "../../../src/manifest/graph.ts";
import { toManifest } from "../../../src/manifest/read.ts";
import { BROKEN } from "../broken.ts";
import { SOUND } from "../sound.ts";
import { GOOD_NAMES } from "./good-names.ts";
import { type Fields, GOOD_PAYLOADS, schemaOf, WRONG_PAYLOADS } from "./payloads.ts";
import { PROPOSALS, WRONG_NAMES } from "./wrong-names.ts";

function linted(document: Readonly<Record<string, unknown>>): readonly Finding[] {
  const manifest = toManifest({ odori: 1, name: "x", services: {}, ...document });
  return lint(manifest, flowGraph(manifest));
}

const ofName = (name: string) => linted({ events: { [name]: {} } });
const ofPayload = (fields: Fields) =>
  linted({ events: { "order.placed.v1": { schema: schemaOf(fields) } } });
const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);
const wrongNames = Object.entries(WRONG_NAMES).flatMap(([code, names]) =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, code] as const),
);

describe("the names of beginners", () => {
  it("each is told its own fault, and at most that of the grammar with it", () => {
    expect(wrongNames.length).toBeGreaterThan(140);
    const missed = wrongNames.filter(([name, code]) => {
      const said = new Set<string>(codes(ofName(name)));
      said.delete("NAME_GRAMMAR");
      // A name outside the grammar may have another fault, which its own list names.
      return code === "NAME_GRAMMAR"
        ? !codes(ofName(name)).includes(code)
        : said.size !== 1 || !said.has(code);
    });
    expect(missed).toEqual([]);
  });

  it("good ones stay silent", () => {
    expect(GOOD_NAMES.length).toBeGreaterThan(300);
    expect(GOOD_NAMES.flatMap(ofName).map(({ message }) => message)).toEqual([]);
  });

  it.each(PROPOSALS)("in place of %s there may be %s", (name, proposal) => {
    expect(ofName(name).map(({ hint }) => hint)).toContainEqual(expect.stringContaining(proposal));
  });

  it("a proposal has no fault of its own", () => {
    const proposed = wrongNames.flatMap(([name]) =>
      ofName(name).flatMap(
        ({ hint }) => /^(?:Perhaps|Write) (\S+\.v\d+)\.$/.exec(hint ?? "")?.[1] ?? [],
      ),
    );
    expect(proposed.length).toBeGreaterThan(60);
    expect(proposed.filter((name) => ofName(name).length > 0)).toEqual([]);
  });

  it("synonyms are found outside the grammar too", () => {
    const events = { OrderCreated: {}, OrderPlaced: {}, OrderSubmitted: {}, StockReserved: {} };
    expect(codes(linted({ events })).filter((code) => code === "SYNONYM")).toHaveLength(2);
  });
});

describe("the payloads of beginners", () => {
  it.each(WRONG_PAYLOADS)("%s: %j", (code, fields) => {
    expect([...new Set(codes(ofPayload(fields)))]).toContain(code);
  });

  it("nothing else is told of those with one fault", () => {
    const more = WRONG_PAYLOADS.filter(
      ([code, fields]) => new Set([...codes(ofPayload(fields)), code]).size > 1,
    );
    expect(more.map(([, fields]) => fields)).toEqual([["correlationId"]]);
  });

  it.each(GOOD_PAYLOADS.map((fields) => [fields]))("%j is fine", (fields) => {
    expect(ofPayload(fields)).toEqual([]);
  });

  it("a field that travels on purpose is not told of", () => {
    const event = { schema: schemaOf(["orderId", "住所"]), sensitive: ["住所"] };
    expect(linted({ events: { "order.placed.v1": event } })).toEqual([]);
  });

  it("a concert has an eventId, and a product has a name", () => {
    const told = (type: string, fields: Fields) =>
      codes(linted({ events: { [type]: { schema: schemaOf(fields) } } }));
    expect(told("ticket.sold.v1", ["eventId", "ticketId"])).toEqual([]);
    expect(told("product.renamed.v1", ["productId", "name"])).toEqual([]);
  });
});

describe("a fact of another service", () => {
  const services = (order: Readonly<Record<string, unknown>>) => ({
    begins: ["order.placed.v1"],
    services: {
      order: { begins: ["order.placed.v1"], ...order },
      stock: { reactions: [{ on: ["order.placed.v1"], emits: ["stock.reserved.v1"] }] },
    },
  });
  const reaction = (on: string, emits: string) =>
    codes(linted(services({ reactions: [{ on: [on], emits: [emits] }] })));

  it.each(["order.stock_checked.v1", "order.out_of_stock.v1", "order.inventory_reserved.v1"])(
    "%s is the stock's to tell",
    (type) => {
      expect(reaction("order.placed.v1", type)).toEqual(["OUTSIDER"]);
    },
  );

  it("what the owner said may be passed on, and its silence told", () => {
    expect(reaction("stock.reserved.v1", "order.stock_confirmed.v1")).toEqual([]);
    const deadline = {
      after: "order.placed.v1",
      within: "PT5M",
      unless: ["stock.reserved.v1"],
      emits: "order.stock_unavailable.v1",
    };
    expect(codes(linted(services({ deadlines: [deadline] })))).toEqual([]);
  });

  it("without such a service the fact is its own", () => {
    expect(codes(ofName("order.stock_checked.v1"))).toEqual([]);
    expect(
      codes(linted({ events: { "order.stock_checked.v1": {}, "stock.counted.v1": {} } })),
    ).toEqual(["OUTSIDER"]);
  });
});

describe("the rules", () => {
  it.each([...SOUND, ...BROKEN].filter(({ codes: found }) => !found.includes("NAME_GRAMMAR")))(
    "say nothing of names and payloads of: $name",
    ({ manifest }) => {
      const said = codes(lintOf(manifest)).filter((code) => !STRUCTURAL.has(code));
      expect(said).toEqual([]);
    },
  );

  it("each can be silenced at its event, with a reason", () => {
    const examples: Readonly<Record<string, string>> = {
      ...Object.fromEntries(wrongNames.map(([name, code]) => [code, name])),
    };
    for (const [code, name] of Object.entries(examples)) {
      const event = { suppress: { [code]: "it is known here" } };
      const { findings, suppressed } = check(
        toManifest({ odori: 1, name: "x", services: {}, events: { [name]: event } }),
      );
      expect([code, suppressed.map((one) => one.code)]).toEqual([code, [code]]);
      expect(codes(findings)).not.toContain(code);
    }
  });

  it("each has a reason and a hint, of one line", () => {
    for (const { reason, hint } of RULES) {
      expect(reason).toMatch(/^[A-Z].*\.$/);
      expect(hint).toMatch(/^[A-Z].*\.$/);
    }
  });
});

/** Rules about services and waits, which the catalogues do not keep to. */
const STRUCTURAL = new Set<string>([
  "HANDLER_WITHOUT_DEADLINE",
  "PROLIFERATION",
  "FOREIGN_EMIT",
  "SYNONYM",
]);

function lintOf(document: Readonly<Record<string, unknown>>): readonly Finding[] {
  const manifest = toManifest(document);
  return lint(manifest, flowGraph(manifest));
}
