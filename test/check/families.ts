/*
 * Families of choreographies that grow, for the scale of the proof. All are sound; which of the
 * reductions each one needs is another.
 */

type Raw = Readonly<Record<string, unknown>>;

function named(count: number, name: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index}`);
}

function order(name: string, services: Raw): Raw {
  return {
    odori: 1,
    name,
    begins: ["order.placed.v1"],
    succeeds: ["order.completed.v1"],
    fails: ["order.cancelled.v1"],
    services,
  };
}

/** Legs that work at the same time, each of which undoes its work when another one refuses. */
export function mutual(legs: number): Raw {
  const names = named(legs, "leg");
  const refused = (own?: string) =>
    names.filter((name) => name !== own).map((name) => `${name}.refused.v1`);
  const services = names.map((name) => {
    const step = {
      on: ["order.placed.v1"],
      emits: [`${name}.made.v1`],
      fails: [`${name}.refused.v1`],
    };
    return [name, { reactions: [step, { on: refused(name), undoes: `${name}.made.v1` }] }];
  });
  return order(`mutual-${legs}`, {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        {
          all: names.map((name) => `${name}.made.v1`),
          readonly: true,
          emits: ["order.completed.v1"],
        },
        { on: refused(), emits: ["order.cancelled.v1"], undoes: "order.placed.v1" },
      ],
    },
    ...Object.fromEntries(services),
  });
}

/** A saga of sagas: each child joins its own legs, and all unwind where any leg refuses. */
export function nested(children: number, legs: number): Raw {
  const names = named(children, "child");
  const legsOf = (child: string) =>
    Array.from({ length: legs }, (_, index) => `${child}_leg${index}`);
  const events = (list: readonly string[], fact: string) =>
    list.map((name) => `${name}.${fact}.v1`);
  const services = names.flatMap((child) => {
    const own = legsOf(child);
    const foreign = names.filter((name) => name !== child).flatMap(legsOf);
    return [
      [
        child,
        {
          reactions: [
            { on: ["order.placed.v1"], emits: [`${child}.begun.v1`], readonly: true },
            { ...hear(events(own, "made")), emits: [`${child}.made.v1`], readonly: true },
            { ...hear(events(own, "settled")), emits: [`${child}.settled.v1`], readonly: true },
            {
              on: events(foreign, "refused"),
              once: "turned",
              emits: [`${child}.turned.v1`],
              readonly: true,
            },
          ],
        },
      ],
      ...own.map((leg) => [
        leg,
        {
          reactions: [
            {
              on: [`${child}.begun.v1`],
              emits: [`${leg}.made.v1`],
              fails: [[`${leg}.refused.v1`, `${leg}.settled.v1`]],
            },
            {
              on: [
                `${child}.turned.v1`,
                ...events(
                  own.filter((other) => other !== leg),
                  "refused",
                ),
              ],
              undoes: `${leg}.made.v1`,
              emits: [`${leg}.settled.v1`],
            },
          ],
        },
      ]),
    ];
  });
  return order(`nested-${children}x${legs}`, {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        { ...hear(events(names, "made")), readonly: true, emits: ["order.completed.v1"] },
        { on: ["desk.settled.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
      ],
    },
    desk: {
      reactions: [
        { ...hear(events(names, "settled")), readonly: true, emits: ["desk.settled.v1"] },
      ],
    },
    ...Object.fromEntries(services),
  });
}

/** Services that each ask an outside system, and give up after a time: all at the same time. */
export function waits(count: number): Raw {
  const names = named(count, "wait");
  const gaveUp = (own?: string) =>
    names.filter((name) => name !== own).map((name) => `${name}.given_up.v1`);
  const services = names.flatMap((name) =>
    waiting(name, "order.placed.v1", gaveUp(name), [`${name}.given_up.v1`, `${name}.settled.v1`]),
  );
  return order(`waits-${count}`, {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        {
          ...hear(names.map((name) => `${name}.agreed.v1`)),
          readonly: true,
          emits: ["order.completed.v1"],
        },
        { on: ["desk.settled.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
      ],
    },
    desk: {
      reactions: [
        {
          ...hear(names.map((name) => `${name}.settled.v1`)),
          readonly: true,
          emits: ["desk.settled.v1"],
        },
      ],
    },
    ...Object.fromEntries(services),
  });
}

/** The same one after the other. Where one gives up, those before it are undone, backwards. */
export function rowOfWaits(count: number): Raw {
  const names = named(count, "wait");
  const services = names.flatMap((name, index) =>
    waiting(
      name,
      index === 0 ? "order.placed.v1" : `wait${index - 1}.agreed.v1`,
      index === count - 1 ? [] : [`wait${index + 1}.settled.v1`],
      [`${name}.settled.v1`],
    ),
  );
  return order(`row-${count}`, {
    order: {
      begins: ["order.placed.v1"],
      reactions: [
        { on: [`wait${count - 1}.agreed.v1`], readonly: true, emits: ["order.completed.v1"] },
        { on: ["wait0.settled.v1"], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] },
      ],
    },
    ...Object.fromEntries(services),
  });
}

/** A service that asks a clerk, and agrees with the answer or gives up, whichever is first. */
function waiting(
  name: string,
  on: string,
  undoOn: readonly string[],
  givesUp: readonly string[],
): readonly (readonly [string, Raw])[] {
  const [agreed, asked, answered, expired] = ["agreed", "asked", "answered", "expired"].map(
    (fact) => `${fact === "answered" ? `${name}_clerk` : name}.${fact}.v1`,
  );
  const undo = { on: undoOn, undoes: agreed, emits: [givesUp.at(-1)] };
  return [
    [
      name,
      {
        reactions: [
          { on: [on], emits: [asked], readonly: true },
          { on: [answered], once: "decided", emits: [agreed] },
          { on: [expired], once: "decided", emits: [givesUp], readonly: true },
          ...(undoOn.length > 0 ? [undo] : []),
        ],
        deadlines: [{ after: asked, within: "1d", unless: [answered], emits: expired }],
      },
    ],
    [`${name}_clerk`, { reactions: [{ on: [asked], emits: [answered], readonly: true }] }],
  ];
}

function hear(types: readonly string[]): Raw {
  return types.length > 1 ? { all: types } : { on: types };
}
