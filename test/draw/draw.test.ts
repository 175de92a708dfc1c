import { describe, expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { check } from "../../src/check/check.ts";
import { toldEarly } from "../../src/check/told-early.ts";
import { toDot } from "../../src/draw/dot.ts";
import { flowOf } from "../../src/draw/flow.ts";
import { focus } from "../../src/draw/focus.ts";
import { toMermaid } from "../../src/draw/mermaid.ts";
import { sequenceMermaid, sequenceText } from "../../src/draw/sequence.ts";
import { toSvg } from "../../src/draw/svg.ts";
import { flowText } from "../../src/draw/text.ts";
import { explainEvent } from "../../src/explain/explain.ts";
import { explanationText } from "../../src/explain/words.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "../check/broken.ts";
import { large } from "../check/large.ts";
import { SOUND } from "../check/sound.ts";

function explained(manifest: Manifest, event: string) {
  return explainEvent(manifest, event, toldEarly(manifest, 1_000));
}

const manifest = manifestOf(order);
const flow = flowOf(manifest);

function named(
  list: readonly { readonly name: string; readonly manifest: Readonly<Record<string, unknown>> }[],
  name: string,
) {
  return toManifest(list.find((entry) => entry.name === name)?.manifest);
}

describe("the flow", () => {
  it("has a box for each reaction and end, and an arrow for each event", () => {
    expect(
      flow.nodes.map(({ kind, service, label }) => `${service ?? ""} ${kind}: ${label}`),
    ).toEqual([
      "order begin: placed",
      "order step: notes requested",
      "order undo: undo placed",
      "payment step: authorized",
      "payment undo: undo authorized",
      "inventory join: reserved",
      "inventory undo: undo reserved",
      "shipping join: requested",
      " success: shipping.requested",
      " failure: order.cancelled",
    ]);
    expect(flow.edges.map(({ type, kind }) => `${type} ${kind}`)).toContain(
      "inventory.reservation_failed.v1 failure",
    );
    expect(flow.edges).toHaveLength(13);
  });

  it("distinguishes joins, deadlines, arrivals and late outcomes", () => {
    const kinds = (name: string) =>
      new Set(flowOf(named(SOUND, name)).nodes.map(({ kind }) => kind));
    expect(kinds("parallel with join")).toContain("join");
    expect(kinds("deadline with once")).toContain("deadline");
    expect(kinds("an event from outside, with a deadline")).toContain("outside");
    const edges = new Set(flowOf(named(SOUND, "deadline with once")).edges.map(({ kind }) => kind));
    expect(edges).toEqual(new Set(["success", "undo", "deadline", "arms", "calls off"]));
    const bounded = flowOf(named(SOUND, "bounded retry")).edges.map(({ kind }) => kind);
    expect(bounded).toContain("late");
  });
});

describe("a part of the flow", () => {
  const services = (part: ReturnType<typeof focus>) => [
    ...new Set(part.nodes.map(({ service }) => service)),
  ];

  it("from an event, up to a number of hops", () => {
    expect(
      focus(flow, { from: "inventory.reservation_failed.v1", hops: 1 }).edges.map(
        ({ type }) => type,
      ),
    ).not.toContain("order.placed.v1");
    expect(services(focus(flow, { from: "payment.refunded" }))).toEqual([
      "order",
      "payment",
      undefined,
    ]);
  });

  it("to an event, and the paths between two events", () => {
    expect(services(focus(flow, { to: "payment.authorized.v1" }))).toEqual([
      "order",
      "payment",
      "inventory",
    ]);
    expect(
      focus(flow, { from: "order.placed.v1", to: "shipping.requested.v1" }).nodes.map(
        ({ kind }) => kind,
      ),
    ).not.toContain("undo");
  });

  it("some services and their neighbours", () => {
    expect(services(focus(flow, { services: ["shipping"] }))).toEqual([
      "order",
      "inventory",
      "shipping",
      undefined,
    ]);
    expect(
      focus(flowOf(toManifest(large({ stages: 12, width: 2 }))), { services: ["worker5a"] }).nodes
        .length,
    ).toBeLessThan(15);
  });

  it("rejects an unknown name with a hint", () => {
    expect(() => focus(flow, { from: "payment.authorised.v1" })).toThrow(
      /neither a service nor an event.*Choose from order.placed.v1/,
    );
    expect(() => focus(flow, { services: ["paymen"] })).toThrow(/Did you mean payment\?/);
  });
});

describe("each notation", () => {
  it("DOT and SVG: Graphviz draws the DOT", async () => {
    const svg = await toSvg(flow);
    expect(svg.match(/class="cluster"/g)).toHaveLength(4);
    expect(svg.match(/class="edge"/g)).toHaveLength(13);
    for (const { name, manifest: raw } of [...SOUND, ...BROKEN])
      expect([name, await toSvg(flowOf(toManifest(raw)))]).toEqual([
        name,
        expect.stringContaining("</svg>"),
      ]);
  });

  it("rejects a picture that is too large to read", async () => {
    await expect(toSvg(flowOf(toManifest(large({ stages: 30, width: 8 }))))).rejects.toMatchObject({
      code: "PICTURE_TOO_LARGE",
    });
  });

  it("mermaid", () => {
    const text = toMermaid(flow);
    expect(text).toContain('subgraph service1["payment"]');
    expect(text).toContain('s1r0 -->|"payment.authorization_failed"| s0r1');
    expect(text).toContain('s1r1[/"undo authorized"/]');
  });

  it("text expands each event once", () => {
    const lines = flowText(manifest);
    expect(lines[0]).toBe("order.placed  begins in order");
    expect(lines.filter((line) => line.includes("payment.refunded"))).toHaveLength(2);
    expect(lines.some((line) => line.endsWith("payment.refunded  (above)"))).toBe(true);
    expect(flowText(manifest, { hops: 1 })).toHaveLength(10);
    expect(flowText(toManifest(large({ stages: 60, width: 1 }))).length).toBeLessThan(2_000);
  });
});

describe("names from outside", () => {
  const hostile = '<script>alert(1)</script>"];x-->y;%%{init: {}}%%\\';
  const attack = toManifest({
    odori: 1,
    name: hostile,
    begins: [`a.${hostile}.v1`],
    succeeds: [`b.${hostile}.v1`],
    services: {
      [hostile]: {
        begins: [`a.${hostile}.v1`],
        reactions: [{ on: [`a.${hostile}.v1`], emits: [`b.${hostile}.v1`], once: hostile }],
      },
    },
  });

  it("stay text in every notation", async () => {
    const svg = await toSvg(flowOf(attack));
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
    const mermaid = toMermaid(flowOf(attack));
    expect(mermaid).not.toContain("<script");
    expect(mermaid).not.toContain("%%{");
    // Each line has a form that the writer produces.
    for (const line of mermaid.trimEnd().split("\n"))
      expect(line).toMatch(/^(flowchart|\s+(subgraph|end|s\d|e\d|o\d|classDef|class|linkStyle))/);
    expect(toDot(flowOf(attack))).toContain('\\"];x');
    const { findings } = check(attack, { repairs: false });
    expect(findings.map(({ code }) => code)).toContain("NAME_GRAMMAR");
    expect(() => flowText(attack)).not.toThrow();
    expect(() => explanationText(explained(attack, `a.${hostile}.v1`))).not.toThrow();
  });
});

describe("a counterexample as a sequence diagram", () => {
  const [finding] = check(named(BROKEN, "a failure that no service hears"), {
    repairs: false,
  }).findings.filter(({ code }) => code === "STUCK");
  const trace = finding?.trace ?? [];

  it("in text", () => {
    expect(sequenceText(trace)).toEqual([
      "order             payment",
      "● begins → order.placed",
      "│ order.placed    │",
      "├────────────────▶│",
      "│                 ● refuses → payment.declined",
    ]);
  });

  it("as mermaid", () => {
    expect(sequenceMermaid(trace).split("\n").slice(0, 5)).toEqual([
      "sequenceDiagram",
      "  participant p0 as order",
      "  participant p1 as payment",
      "  Note over p0: begins → order.placed",
      "  p0->>p1: order.placed",
    ]);
  });
});

describe("an explanation", () => {
  it("of a failure lists the undos in order, and the event that ends them", () => {
    const { failure, emittedBy, undoing } = explained(manifest, "shipping.failed");
    expect(failure).toBe(true);
    expect(emittedBy).toEqual([
      { service: "shipping", how: "fails", hears: ["order.placed.v1", "inventory.reserved.v1"] },
    ]);
    expect(undoing).toEqual({
      undone: [
        {
          turn: 1,
          service: "inventory",
          effect: "inventory.reserved",
          on: "shipping.failed.v1",
        },
        {
          turn: 2,
          service: "payment",
          effect: "payment.authorized",
          on: "inventory.released.v1",
        },
        { turn: 3, service: "order", effect: "order.placed", on: "payment.refunded.v1" },
      ],
      over: ["order.cancelled.v1"],
    });
    expect(explanationText(explained(manifest, "shipping.failed")).join("\n")).toContain(
      "order.cancelled marks the end of the undos: the saga has failed.",
    );
  });

  it("does not call the undos over while an effect may still be done (early-end)", () => {
    const early = named(BROKEN, "early-end: cancelled before payment is refunded");
    const { ends, undoing } = explained(early, "stock.sold_out.v1");
    expect(ends).toEqual([{ end: "order.cancelled.v1", stillDone: ["payment.charged.v1"] }]);
    expect(undoing?.over).toEqual([]);
    const text = explanationText(explained(early, "order.cancelled.v1")).join("\n");
    expect(text).toContain("though payment.charged may be done");
    const unproved = explainEvent(early, "stock.sold_out.v1", toldEarly(early, 1));
    expect(explanationText(unproved).join("\n")).toContain("was not proved");
  });

  it("of a beginning, an end, a deadline and a join", () => {
    expect(explanationText(explained(manifest, "order.placed.v1")).join("\n")).toContain(
      "order, which begins a saga with it",
    );
    expect(explanationText(explained(manifest, "shipping.requested.v1")).join("\n")).toContain(
      "The saga succeeds with it.",
    );
    expect(
      explanationText(explained(named(SOUND, "deadline with once"), "order.expired.v1")).join("\n"),
    ).toContain("order, when it has waited too long after order.placed");
    expect(
      explanationText(explained(named(SOUND, "parallel with join"), "payment.charged.v1")).join(
        "\n",
      ),
    ).toContain("order waits for stock.reserved too, then emits order.completed");
  });

  it("rejects an unknown event with a hint", () => {
    expect(() => explained(manifest, "payment.authorised")).toThrow(
      /not an event of this choreography/,
    );
    expect(() => explained(manifest, "authorized")).toThrow(/Did you mean payment.authorized.v1\?/);
  });
});
