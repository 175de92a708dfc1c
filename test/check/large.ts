/*
 * Large choreographies: stages one after the other, each of services that work at the same time and
 * are joined. A failure in any stage unwinds what was done, stage by stage, backwards.
 */

interface Size {
  readonly stages: number;
  /** Services at work at the same time in each stage. */
  readonly width: number;
}

type Raw = Record<string, unknown>;

/**
 * Each stage has a gate, which waits for its services; each service has a step that may fail, and
 * an undo that answers. Two events for each service's work, one for its undo; one for each gate,
 * and one for its unwinding.
 */
export function large({ stages, width }: Size): Readonly<Record<string, unknown>> {
  const services: Record<string, Raw> = {};
  const opened = (stage: number) => (stage === 0 ? "order.placed.v1" : `gate${stage}.opened.v1`);
  const unwound = (stage: number) => `gate${stage}.unwound.v1`;
  for (let stage = 1; stage <= stages; stage++) {
    const workers = Array.from(
      { length: width },
      (_, index) => `worker${stage}${String.fromCharCode(97 + index)}`,
    );
    for (const name of workers) {
      const others = workers
        .filter((other) => other !== name)
        .map((other) => `${other}.refused.v1`);
      const backwards = stage === stages ? [] : [unwound(stage + 1)];
      services[name] = {
        reactions: [
          {
            on: [opened(stage - 1)],
            emits: [`${name}.finished.v1`],
            fails: [[`${name}.refused.v1`, `${name}.settled.v1`]],
          },
          ...([...others, ...backwards].length > 0
            ? [
                {
                  on: [...others, ...backwards],
                  undoes: `${name}.finished.v1`,
                  emits: [`${name}.settled.v1`],
                },
              ]
            : []),
        ],
      };
    }
    services[`gate${stage}`] = {
      reactions: [
        {
          ...hear(workers.map((name) => `${name}.finished.v1`)),
          emits: [stage === stages ? "order.completed.v1" : opened(stage)],
          readonly: true,
        },
        {
          ...hear(workers.map((name) => `${name}.settled.v1`)),
          emits: [unwound(stage)],
          readonly: true,
        },
      ],
    };
  }
  services.order = {
    begins: ["order.placed.v1"],
    reactions: [{ on: [unwound(1)], undoes: "order.placed.v1", emits: ["order.cancelled.v1"] }],
  };
  return {
    odori: 1,
    name: "large",
    begins: ["order.placed.v1"],
    succeeds: ["order.completed.v1"],
    fails: ["order.cancelled.v1"],
    services,
  };
}

function hear(types: readonly string[]): Raw {
  return types.length > 1 ? { all: types } : { on: types };
}
