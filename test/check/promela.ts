import { emissionsFrom } from "../../src/check/merge.ts";
import {
  type Choice,
  type DeliverySource,
  type Model,
  type ModelEmission,
  PIVOTED,
  type TransitionSource,
} from "../../src/check/model.ts";

/*
 * A compiled choreography as Promela, for Spin. The rules of delivery are written out once more, as
 * guards and assignments; only the layout of the bytes is shared. Spin then counts the states that
 * it finds.
 */

export function toPromela(model: Model): string {
  const most = model.sources.some(({ kind }) => kind === "repeat") ? 2 : 250;
  const options = model.sources.flatMap((source) => optionsOf(source));
  const beginnings = model.beginnings.map(({ effect, emits }) => {
    const done = effect === undefined ? "" : `s[${effect.at}] = 1; `;
    return `  :: d_step { true -> ${done}${emitAll(emits)} normalise() }`;
  });
  return [
    `#define MOST ${most}`,
    `byte s[${model.size}];`,
    "inline normalise() {",
    ...model.sources
      .filter((source) => source.kind === "delivery")
      .map((source) => {
        const again = source.repeatAt < 0 ? "" : `; s[${source.repeatAt}] = 0`;
        return `  if :: (${dead(source)}) -> s[${source.at}] = 0${again} :: else -> skip fi;`;
      }),
    "  skip",
    "}",
    "init {",
    "  if",
    ...beginnings,
    "  fi;",
    "  do",
    ...options.map(({ guard, effect }) => `  :: d_step { (${guard}) -> ${effect} normalise() }`),
    "  od",
    "}",
    "",
  ].join("\n");
}

interface Option {
  readonly guard: string;
  readonly effect: string;
}

function optionsOf(source: TransitionSource): readonly Option[] {
  if (source.kind === "deadline")
    return [
      {
        guard: `s[${source.at}] == 1`,
        effect: `s[${source.at}] = 2; ${emitAll(emissionsFrom(source))}`,
      },
    ];
  // Only where deliveries are merged, and Spin searches what is not.
  if (source.kind === "join") return [];
  if (source.kind === "arrival")
    return [
      { guard: `s[${source.at}] == 0`, effect: `s[${source.at}] = 1; ${emitAll(source.emits)}` },
    ];
  const delivery = source.kind === "repeat" ? source.of : source;
  const again =
    source.kind === "delivery" && source.repeatAt >= 0 ? `s[${source.repeatAt}] = 1; ` : "";
  const taken = source.kind === "repeat" ? "" : `s[${source.at}] = s[${source.at}] - 1; ${again}`;
  return deliveryOptions(delivery).map(({ guard, effect }) => ({
    guard: `s[${source.at}] > 0 && ${guard}`,
    effect: `${taken}${effect}`,
  }));
}

function deliveryOptions({ reaction, deadline, arms, part }: DeliverySource): readonly Option[] {
  if (deadline !== undefined)
    return [{ guard: "1", effect: `s[${deadline.at}] = ${arms ? 1 : 2};` }];
  if (reaction === undefined) return [];
  const { entry, service, effects, onceAt, maxAt, max, gatherAt, firedAt, parkedAt, choices } =
    reaction;
  const others = entry.hears.flatMap((_, other) =>
    other === part ? [] : [`s[${gatherAt + other}] != 0`],
  );
  const complete = entry.kind === "join" ? `(${others.join(" && ")})` : "1";
  const once = onceAt < 0 ? "0" : `s[${onceAt}] != 0`;
  const spent = maxAt < 0 ? "0" : `s[${maxAt}] >= ${max}`;
  const late = `(${once} || ${spent})`;
  const [effect] = effects;
  const nothing =
    entry.kind === "undo" && service.fence && effect !== undefined ? `s[${effect.at}] == 0` : "0";
  const ungathered = entry.hears.map((_, index) => `s[${gatherAt + index}] = 0;`).join(" ");
  const close = entry.kind === "join" ? `s[${firedAt}] = 1; ${ungathered} ` : "";
  const marks = `${onceAt < 0 ? "" : `s[${onceAt}] = 1; `}`;
  const ran = maxAt < 0 ? "" : `s[${maxAt}] = s[${maxAt}] + 1; `;
  const guards: Readonly<Record<Choice["kind"], string>> = {
    success: `${complete} && !${late} && !(${nothing})`,
    failure: `${complete} && !${late} && !(${nothing})`,
    late: `${complete} && ${late}`,
    acknowledge: `!${late} && (${nothing})`,
    park: "1",
  };
  const optionOf = (choice: Choice): Option => {
    const emits = emitAll(choice.emits);
    switch (choice.kind) {
      case "success": {
        const done = doneBy(choice, entry.kind === "undo", service.fence);
        return { guard: guards.success, effect: `${close}${done}${ran}${marks}${emits}` };
      }
      case "failure":
        return { guard: guards.failure, effect: `${close}${ran}${marks}${emits}` };
      case "late":
        return { guard: guards.late, effect: `${close}${emits}` };
      case "acknowledge":
        return { guard: guards.acknowledge, effect: `s[${effect?.at}] = 4; ${marks}${emits}` };
      case "park":
        return {
          guard: guards.park,
          effect: `s[2] = 1; ${choice.emits.length === 0 ? `s[${parkedAt}] = 1; ` : ""}${emits}`,
        };
    }
  };
  const options = choices.map(optionOf);
  return entry.kind === "join"
    ? [...options, { guard: `!${complete}`, effect: `s[${gatherAt + part}] = 1;` }]
    : options;
}

function doneBy({ effect }: Choice, undo: boolean, fence: boolean): string {
  if (effect === undefined) return "";
  if (!undo) return `s[${effect.at}] = 1; `;
  // Without a fence: what was done is undone, what was undone stays so, and where there was nothing
  // that is noted.
  return fence
    ? `s[${effect.at}] = 2; `
    : `s[${effect.at}] = (s[${effect.at}] == 1 || s[${effect.at}] == 2 -> 2 : 4); `;
}

function emitAll(emissions: readonly ModelEmission[]): string {
  return emissions.map(emit).join("");
}

function emit({ sources, touches, acquires, releases, pivot, end, endAt }: ModelEmission): string {
  return [
    ...sources.map(({ at }) => `s[${at}] = (s[${at}] < MOST -> s[${at}] + 1 : s[${at}]);`),
    ...touches.map(({ deadline, arms }) =>
      arms
        ? `s[${deadline.at}] = (s[${deadline.at}] == 0 -> 1 : s[${deadline.at}]);`
        : `s[${deadline.at}] = 2;`,
    ),
    ...acquires.map((at) => `s[${at}] = 1;`),
    ...releases.map((at) => `s[${at}] = 0;`),
    pivot ? `s[${PIVOTED}] = 1;` : "",
    end === undefined ? "" : `s[${endAt}] = 1; s[${end === "success" ? 0 : 1}] = 1;`,
  ]
    .filter((statement) => statement !== "")
    .map((statement) => `${statement} `)
    .join("");
}

/** When a delivery can change nothing any more. */
function dead({ reaction, deadline, arms, part }: DeliverySource): string {
  if (deadline !== undefined) return arms ? `s[${deadline.at}] != 0` : `s[${deadline.at}] == 2`;
  if (reaction === undefined) return "1";
  const { entry, service, effects, parkedAt, firedAt, gatherAt, onceAt, maxAt, max, lateSilent } =
    reaction;
  const reasons = [
    parkedAt < 0 ? [] : `s[${parkedAt}] != 0`,
    firedAt < 0 ? [] : [`s[${firedAt}] != 0`, `s[${gatherAt + part}] != 0`],
    service.fence
      ? effects.map(({ at }) => (entry.kind === "undo" ? `s[${at}] >= 2` : `s[${at}] != 0`))
      : [],
    lateSilent && onceAt >= 0 ? `s[${onceAt}] != 0` : [],
    lateSilent && maxAt >= 0 ? `s[${maxAt}] >= ${max}` : [],
  ].flat();
  return reasons.length === 0 ? "0" : reasons.join(" || ");
}
