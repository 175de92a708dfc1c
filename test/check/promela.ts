import {
  type Choice,
  type DeliverySource,
  deliveryMadeBy,
  type Model,
  type ModelEmission,
  type ModelReaction,
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
    return source.deadline.choices.map(({ kind, emits }) => ({
      guard: `s[${source.at}] == 1`,
      effect: `s[${source.at}] = 2; ${kind === "park" ? "s[2] = 1; " : ""}${emitAll(emits)}`,
    }));
  // Only where deliveries are merged, and Spin searches what is not.
  if (source.kind === "join") return [];
  if (source.kind === "arrival")
    return [
      { guard: `s[${source.at}] == 0`, effect: `s[${source.at}] = 1; ${emitAll(source.emits)}` },
    ];
  const delivery = deliveryMadeBy(source);
  if (delivery === undefined) throw new Error("two versions are not written for Spin");
  const again =
    source.kind === "delivery" && source.repeatAt >= 0 ? `s[${source.repeatAt}] = 1; ` : "";
  const taken = source.kind === "repeat" ? "" : `s[${source.at}] = s[${source.at}] - 1; ${again}`;
  return deliveryOptions(delivery).map(({ guard, effect }) => ({
    guard: `s[${source.at}] > 0 && ${guard}`,
    effect: `${taken}${effect}`,
  }));
}

function deliveryOptions(source: DeliverySource): readonly Option[] {
  const { reaction, deadline, arms, part, forgets } = source;
  if (deadline !== undefined)
    return [{ guard: "1", effect: `s[${deadline.at}] = ${arms ? 1 : 2};` }];
  if (reaction === undefined) return [];
  const { entry, service, keys, keptBy, onceAt, maxAt, max, gatherAt, parkedAt } = reaction;
  const { firedAt, choices } = reaction;
  const others = entry.hears.flatMap((type, other) =>
    other === part || entry.optional.includes(type) ? [] : [`s[${gatherAt + other}] != 0`],
  );
  const complete = entry.kind === "join" ? `(${["1", ...others].join(" && ")})` : "1";
  const once = onceAt < 0 ? "0" : `s[${onceAt}] != 0`;
  const spent = maxAt < 0 ? "0" : `s[${maxAt}] >= ${max}`;
  const late = `(${once} || ${spent})`;
  const ungathered = entry.hears.map((_, index) => `s[${gatherAt + index}] = 0;`).join(" ");
  const close = entry.kind === "join" ? `s[${firedAt}] = 1; ${ungathered} ` : "";
  const marks = `${onceAt < 0 ? "" : `s[${onceAt}] = 1; `}`;
  const ran = maxAt < 0 ? "" : `s[${maxAt}] = s[${maxAt}] + 1; `;
  const open = keys.map((_, key) => `!(${suppressed(reaction, key)})`);
  const nothing = keys.map((_, key) => nothingToUndo(reaction, key));
  const anyKey = (guard: (key: number) => string) =>
    `(${keys.map((_, key) => `(${open[key]} && ${guard(key)})`).join(" || ")})`;
  const guardOf = ({ kind, key: only }: Choice): string => {
    const ofKey = (guard: (key: number) => string) =>
      only === undefined ? anyKey(guard) : `${open[only]} && ${guard(only)}`;
    switch (kind) {
      case "success":
      case "failure":
        return `${complete} && !${late} && ${ofKey((key) => `!(${nothing[key]})`)}`;
      case "late":
        return `${complete} && ${late} && ${ofKey(() => "1")}`;
      case "acknowledge":
        return `!${late} && ${ofKey((key) => `(${nothing[key]})`)}`;
      case "park":
        return keys.length > 1 ? "1" : anyKey(() => "1");
      case "forget":
        return forgets ? ["1", ...keptBy.map((at) => `s[${at}] != 1`)].join(" && ") : "0";
    }
  };
  const effectOf = (choice: Choice): string => {
    const emits = emitAll(choice.emits);
    switch (choice.kind) {
      case "success":
        return [
          close,
          doneBy(choice, entry.kind === "undo", service.fence),
          ran,
          marks,
          emits,
        ].join("");
      case "failure":
        return `${close}${ran}${marks}${emits}`;
      case "late":
        return `${close}${emits}`;
      case "acknowledge":
        return `s[${choice.effect?.at}] = 4; ${marks}${emits}`;
      case "park":
      case "forget":
        return `s[2] = 1; ${choice.emits.length === 0 ? `s[${parkedAt}] = 1; ` : ""}${emits}`;
    }
  };
  const options = choices.map((choice) => ({ guard: guardOf(choice), effect: effectOf(choice) }));
  const idle = keys.map((_, key) => ({ guard: `(${suppressed(reaction, key)})`, effect: "skip;" }));
  const note = { guard: `!${complete}`, effect: `s[${gatherAt + part}] = 1;` };
  return [...options, ...idle, ...(entry.kind === "join" ? [note] : [])];
}

/** When the fence suppresses a delivery with a key, or its late outcome is silent. */
function suppressed(reaction: ModelReaction, key: number): string {
  const { entry, service, keys, ofAllKeys, onceAt, maxAt, max, lateSilent, firedAt } = reaction;
  const { effects, barredBy } = keys[key] ?? { effects: [], barredBy: [] };
  const closed = ofAllKeys ? effects.slice(0, 1) : effects;
  const reasons = [
    firedAt < 0 ? [] : [`s[${firedAt}] != 0`],
    service.fence
      ? closed.map(({ at }) => (entry.kind === "undo" ? `s[${at}] >= 2` : `s[${at}] != 0`))
      : [],
    service.fence ? barredBy.map(({ at }) => `s[${at}] >= 2`) : [],
    lateSilent && onceAt >= 0 ? `s[${onceAt}] != 0` : [],
    lateSilent && maxAt >= 0 ? `s[${maxAt}] >= ${max}` : [],
  ].flat();
  return reasons.length === 0 ? "0" : reasons.join(" || ");
}

function nothingToUndo({ entry, service, keys }: ModelReaction, key: number): string {
  if (entry.kind !== "undo" || !service.fence) return "0";
  return keys[key]?.effects.map(({ at }) => `s[${at}] != 1`).join(" && ") ?? "0";
}

function doneBy({ effect, closes }: Choice, undo: boolean, fence: boolean): string {
  if (effect === undefined) return "";
  if (!undo) return `s[${effect.at}] = 1; `;
  const keyed = closes
    .filter((one) => one !== effect)
    .map(({ at }) => `s[${at}] = (s[${at}] == 1 -> 2 : s[${at}]); `);
  const any = closes.map(({ at }) => `s[${at}] == 1`).join(" || ");
  // Without a fence: what was done is undone, what was undone stays so, and where there was nothing
  // that is noted.
  const own = fence
    ? `s[${effect.at}] = 2; `
    : `s[${effect.at}] = (${any} || s[${effect.at}] == 2 -> 2 : 4); `;
  return [own, ...keyed].join("");
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
function dead({ reaction, deadline, arms, part, forgets }: DeliverySource): string {
  if (deadline !== undefined) return arms ? `s[${deadline.at}] != 0` : `s[${deadline.at}] == 2`;
  if (reaction === undefined) return "1";
  const { keys, service, parkedAt, gatherAt } = reaction;
  const held = [
    parkedAt < 0 ? [] : [`s[${parkedAt}] != 0`],
    gatherAt < 0 ? [] : [`s[${gatherAt + part}] != 0`],
  ].flat();
  const idle =
    forgets || (keys.length > 1 && service.mayPark)
      ? []
      : [keys.map((_, key) => `(${suppressed(reaction, key)})`).join(" && ")];
  return ["0", ...held, ...idle].join(" || ");
}
