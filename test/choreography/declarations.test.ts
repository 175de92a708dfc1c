import { choreography, type EventContract, type Service, service } from "odori";
import { describe, expect, it } from "vitest";
import { effectsOfReaction } from "../../src/choreography/effects.ts";
import { parseDuration } from "../../src/contract/duration.ts";
import {
  authorized,
  cancelled,
  completed,
  declined,
  placed,
  refunded,
  reserved,
} from "../support/contracts.ts";

const payment = service<unknown>("payment");
const step = payment.on(placed, {
  emits: [authorized],
  fails: [declined],
  handle: (event) => authorized(event.data),
});
const nothing = { handle: () => {} };
/** What JavaScript allows and the types do not. */
const no = undefined as unknown as EventContract;

describe("contradictory declarations throw at once, with a code and a hint", () => {
  const wrong: readonly (readonly [what: string, code: string, declare: () => unknown])[] = [
    [
      "an undo of an effect that no one declared",
      "UNKNOWN_EFFECT",
      () => payment.undo(authorized, { on: [refunded], ...nothing }),
    ],
    [
      "an undo of a failure",
      "UNKNOWN_EFFECT",
      () => step.undo(declined, { on: [refunded], ...nothing }),
    ],
    [
      "an undo of another service's effect",
      "UNKNOWN_EFFECT",
      () => step.undo(reserved, { on: [refunded], ...nothing }),
    ],
    [
      "an undo of what a read-only reaction emits",
      "UNKNOWN_EFFECT",
      () =>
        payment
          .on(placed, {
            emits: [authorized],
            readonly: true,
            handle: (event) => authorized(event.data),
          })
          .undo(authorized, { on: [refunded], ...nothing }),
    ],
    [
      "two-undos: two undos of one outcome",
      "DECLARATION_INVALID",
      () =>
        payment
          .on(placed, {
            emits: [[authorized, completed]],
            handle: (event) => [authorized(event.data), completed(event.data)],
          })
          .undo(authorized, { on: [refunded], ...nothing })
          .undo(completed, { on: [refunded], ...nothing }),
    ],
    [
      "an undo that nothing triggers",
      "DECLARATION_INVALID",
      () => step.undo(authorized, { on: [], ...nothing }),
    ],
    [
      "an undo with a key where the step has none",
      "DECLARATION_INVALID",
      () => step.undo(authorized, { on: [refunded], key: () => "k", ...nothing }),
    ],
    ["two reactions with one name", "REACTION_NAME_TAKEN", () => step.on(placed, nothing)],
    [
      "a reaction and a deadline with one name",
      "REACTION_NAME_TAKEN",
      () =>
        step.deadline(placed, {
          name: "order.placed",
          after: 1,
          unless: [declined],
          emits: [refunded],
        }),
    ],
    ["a reaction to nothing", "DECLARATION_INVALID", () => payment.on([], nothing)],
    ["a reaction to no event", "DECLARATION_INVALID", () => payment.on(no, nothing)],
    ["an event twice", "DECLARATION_INVALID", () => payment.on([placed, placed], nothing)],
    [
      "a name that cannot be stored",
      "DECLARATION_INVALID",
      () => payment.on(placed, { name: "a\nb", ...nothing }),
    ],
    [
      "emitting no event",
      "DECLARATION_INVALID",
      () => payment.on(placed, { emits: [no], handle: () => authorized({ orderId: "o" }) }),
    ],
    [
      "an outcome that is success and failure",
      "DECLARATION_INVALID",
      () =>
        payment.on(placed, {
          emits: [authorized],
          fails: [authorized],
          handle: (event) => authorized(event.data),
        }),
    ],
    [
      "a silent failure",
      "DECLARATION_INVALID",
      () =>
        payment.on(placed, {
          emits: [authorized],
          fails: [[]],
          handle: (event) => authorized(event.data),
        }),
    ],
    [
      "late without once or max",
      "DECLARATION_INVALID",
      () => payment.on(placed, { late: nothing, ...nothing }),
    ],
    ["max below one", "DECLARATION_INVALID", () => payment.on(placed, { max: 0, ...nothing })],
    [
      "max that is not a whole number",
      "DECLARATION_INVALID",
      () => payment.on(placed, { max: 1.5, ...nothing }),
    ],
    [
      "a join of one",
      "DECLARATION_INVALID",
      () => payment.onAll([placed], { name: "one", ...nothing }),
    ],
    [
      "beginning with one event twice",
      "DECLARATION_INVALID",
      () => service("order").begins(placed).begins(placed),
    ],
    [
      "a deadline without an event",
      "DECLARATION_INVALID",
      () => payment.deadline(no, { after: 1, unless: [placed], emits: [refunded] } as never),
    ],
    [
      "a deadline that nothing calls off",
      "DECLARATION_INVALID",
      () => payment.deadline(placed, { after: 1, unless: [], emits: [refunded] }),
    ],
    [
      "a deadline that what arms it calls off",
      "DECLARATION_INVALID",
      () => payment.deadline(placed, { after: 1, unless: [placed], emits: [refunded] }),
    ],
    [
      "a deadline that emits nothing",
      "DECLARATION_INVALID",
      () => payment.deadline(placed, { after: 1, unless: [declined], emits: [no] } as never),
    ],
    [
      "a deadline in no time",
      "DURATION_INVALID",
      () => payment.deadline(placed, { after: "soon", unless: [declined], emits: [refunded] }),
    ],
    ["a service without a proper name", "NAME_GRAMMAR", () => service("Payment Service")],
    [
      "a choreography without services",
      "DECLARATION_INVALID",
      () => choreography("order", { services: [], begins: [placed], succeeds: [completed] }),
    ],
    [
      "a choreography without a beginning",
      "DECLARATION_INVALID",
      () => choreography("order", { services: [step], begins: [], succeeds: [completed] }),
    ],
    [
      "a choreography with a service twice",
      "DECLARATION_INVALID",
      () =>
        choreography("order", { services: [step, step], begins: [placed], succeeds: [completed] }),
    ],
    [
      "an end that is success and failure",
      "DECLARATION_INVALID",
      () =>
        choreography("order", {
          services: [step],
          begins: [placed],
          succeeds: [completed],
          fails: [completed],
        }),
    ],
    [
      "a choreography of something else",
      "DECLARATION_INVALID",
      () =>
        choreography("order", { services: [{}] as never, begins: [placed], succeeds: [completed] }),
    ],
  ];
  it.each(wrong)("%s: %s", (_what, code, declare) => {
    expect(declare).toThrow(expect.objectContaining({ code, hint: expect.any(String) }));
  });
});

describe("declarations", () => {
  it("each verb returns a new service, and leaves the old one as it was", () => {
    expect(payment.declaration.reactions).toEqual([]);
    expect(step.declaration.reactions.map(({ name }) => name)).toEqual(["order.placed"]);
  });

  it("an effect is named by the event that an undo names, else by the first of its outcome", () => {
    const two = payment.on(placed, {
      emits: [[authorized, reserved], refunded, []],
      handle: () => {},
    });
    const undone = two.undo(reserved, { on: [declined], onEmpty: "silent", ...nothing });
    const effects = (one: Service<unknown>) =>
      one.declaration.reactions
        .slice(0, 1)
        .map((reaction) => effectsOfReaction(one.declaration, reaction));
    expect(effects(two)).toEqual([["payment.authorized", "payment.refunded", undefined]]);
    expect(effects(undone)).toEqual([["inventory.reserved", "payment.refunded", undefined]]);
  });

  it("a beginning can be undone", () => {
    const order = service("order")
      .begins(placed)
      .undo(placed, {
        on: [declined],
        emits: [cancelled],
        handle: (event) => cancelled(event.data),
      });
    expect(order.beginnings).toEqual([placed]);
  });

  it.each([
    [1, 1],
    ["500ms", 500],
    ["30s", 30_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["PT15M", 900_000],
    ["P1DT2H3M4.5S", 93_784_500],
  ])("%j is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    "15",
    "m",
    "-1m",
    "P",
    "PT",
    "P1M",
    "1000000d",
    "1 m",
  ])("%j is not a duration", (text) =>
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({ code: "DURATION_INVALID" }),
    ),
  );
});
