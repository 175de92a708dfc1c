import { type EventContract, event, type Service, service } from "odori";
import { manifestOfServices } from "odori/manifest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { markWithoutVersions, parseMark, withoutVersions } from "../../src/contract/names.ts";
import { entryOf, fingerprintOf, portraitOf } from "../../src/manifest/fingerprint.ts";
import { hazardsOf } from "../../src/manifest/hazards.ts";
import type { CensusRow } from "../../src/ports/declarations.ts";

const payload = z.object({ id: z.string() });
const [a, b, c] = [event("x.a.v1", payload), event("x.b.v1", payload), event("x.c.v1", payload)];
const done = event("x.done.v1", payload);
const mark = (name: string, count = 1): CensusRow => ({
  kind: "mark",
  name,
  state: "done",
  count,
  newestAt: count,
});
const gathered = (name: string): CensusRow => ({
  kind: "deferred",
  name,
  type: a.type,
  state: "gathered",
  count: 2,
  newestAt: 9,
});
const portrait = (part: Service<unknown, EventContract>) => portraitOf(part).entry;
const nothing = { handle() {} };

describe("hazards of a deployment", () => {
  it("counts the marks of a keyed effect together, with the newest", () => {
    const now = portrait(service("x").on(a, nothing));
    const census = [mark("x.done one", 3), mark("x.done two", 5), mark("once end")];
    expect(hazardsOf([], now, census)).toMatchObject([
      { code: "EFFECT_GONE", retiredAs: "effect x.done", count: 8, newestAt: 5 },
      { code: "ONCE_RENAMED", retiredAs: "firstOf end", count: 1 },
    ]);
  });

  it("mistakes no beginning, join, counter or timer for a lost effect", () => {
    const now = portrait(service("x").begins(done));
    const names = ["x.done", "fired ship", "max x.a", "timer deadline x.b"];
    const census = names.map((name) => mark(name));
    expect(hazardsOf([], now, census)).toEqual([]);
  });

  it("does not count what a person has closed, or what belongs to no reaction", () => {
    const now = portrait(service("x").on(a, nothing));
    const closed = (state: "answered" | "discarded" | "parked", name: string): CensusRow => ({
      kind: "deferred",
      name,
      type: a.type,
      state,
      count: 1,
      newestAt: 0,
    });
    const census = [closed("answered", "gone"), closed("discarded", "gone"), closed("parked", "-")];
    expect(hazardsOf([], now, census)).toEqual([]);
    expect(hazardsOf([], now, [closed("parked", "gone")])).toMatchObject([
      { code: "REACTION_GONE", retiredAs: "reaction gone" },
    ]);
  });

  it("lets a join lose an event, change their order, and gain an optional one", () => {
    const old = portrait(service("x").onAll([a, b], { name: "j", ...nothing }));
    const join = (optional: boolean) =>
      portrait(
        service("x").onAll([c, b, a], {
          name: "j",
          ...(optional && { optional: [c] }),
          ...nothing,
        }),
      );
    expect(hazardsOf([old], join(true), [gathered("j")])).toEqual([]);
    expect(hazardsOf([join(true)], old, [gathered("j")])).toEqual([]);
    expect(hazardsOf([old], join(false), [gathered("j")])).toMatchObject([
      { code: "JOIN_CHANGED", count: 2 },
    ]);
    expect(hazardsOf([old], join(false), [])).toEqual([]);
  });

  it("is none where every renamed part says what it was, in any version of its events", () => {
    const done2 = event("x.done.v2", payload);
    const old = service("x")
      .on(a, { firstOf: "end", emits: [done], handle: ({ data }) => done(data) })
      .undo(done, { on: [b], ...nothing });
    const now = service("x")
      .on(a, {
        name: "do",
        was: ["x.a"],
        effect: { name: "thing", was: ["x.done"] },
        firstOf: { name: "ending", was: ["end"] },
        emits: [done2],
        handle: ({ data }) => done2(data),
      })
      .undo("thing", { was: ["undo x.done"], name: "take back", on: [b], ...nothing });
    const census = [mark("x.done"), mark("once end")];
    expect(hazardsOf([portrait(old)], portrait(now), census)).toEqual([]);
    expect(hazardsOf([portrait(now)], portrait(old), census)).toEqual([]);
  });

  it("a declaration is identified by its names and schemas, and read from what was stored", () => {
    const one = service("x").on(a, nothing);
    const other = service("x").on(event("x.a.v1", payload.extend({ more: z.string() })), nothing);
    expect(portraitOf(one).fingerprint).not.toBe(portraitOf(other).fingerprint);
    expect(portraitOf(one).fingerprint).toBe(fingerprintOf(manifestOfServices("x", [one])));
    expect(entryOf(portraitOf(one).manifest, "x")).toEqual(portrait(one));
    expect(entryOf(portraitOf(one).manifest, "y")).toBeUndefined();
  });
});

describe("stored names", () => {
  it.each([
    ["order.placed.v1", "order.placed"],
    ["undo payment.authorized.v12", "undo payment.authorized"],
    ["deadline order.expired.v1", "deadline order.expired"],
    ["a.x.v1|b.y.v2", "a.x|b.y"],
    ["all a.x.v1+b.y.v1", "all a.x+b.y"],
    ["watch deadline a.x.v1", "watch deadline a.x"],
    ["charge", "charge"],
    ["a.v1x.v2y", "a.v1x.v2y"],
  ])("%s of version 0.1.0 is %s now", (old, now) => {
    expect(withoutVersions(old)).toBe(now);
    expect(withoutVersions(now)).toBe(now);
  });

  it.each([
    ["payment.authorized.v1", "payment.authorized"],
    ["payment.authorized.v1 key.v1 of.v2 it", "payment.authorized key.v1 of.v2 it"],
    ["timer deadline a.x.v1", "timer deadline a.x"],
    ["fired all a.x.v1+b.y.v1", "fired all a.x+b.y"],
    ["once end", "once end"],
  ])("the mark %s is %s now", (old, now) => {
    expect(markWithoutVersions(old)).toBe(now);
    expect(parseMark(now).name).not.toMatch(/\.v\d+$/);
  });
});
