import { messageOf } from "../contract/errors.ts";
import type { DeliveryEnd, DeliveryWatch, Telemetry } from "../ports/telemetry.ts";
import type { DevEvent } from "./control.ts";

/** Which events end a saga, by type. */
export interface EndTypes {
  readonly succeeds: ReadonlySet<string>;
  readonly fails: ReadonlySet<string>;
}

/** Telemetry that tells each step of each saga, and its end. */
export function stepTelemetry(tell: (event: DevEvent) => void, ends: EndTypes): Telemetry {
  return {
    watch: ({ name: service }) => {
      const step = (sagaId: string, heard: string | undefined): DeliveryWatch => ({
        trace: undefined,
        run: (work) => work(),
        ended: ({ disposition, emitted, error }: DeliveryEnd) => {
          const failure = error === undefined ? undefined : messageOf(error);
          tell({ kind: "step", sagaId, service, heard, disposition, emitted, failure });
          for (const type of emitted) {
            const succeeded = ends.succeeds.has(type);
            if (succeeded || ends.fails.has(type)) tell({ kind: "ended", sagaId, succeeded });
          }
        },
      });
      return {
        apart: (work) => work(),
        received: () => {},
        delivery: ({ message }) => step(message.sagaId, message.type),
        beginning: ({ sagaId }) => step(sagaId, undefined),
        publishing: () => ({ run: (work) => work(), ended: () => {} }),
        committed: () => {},
        stopped: () => {},
      };
    },
  };
}
