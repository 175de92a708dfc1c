import { useMemo } from "preact/hooks";
import type { Step } from "../../../src/console/wire.ts";
import { spanText } from "../../text/time.ts";
import { shortType } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { List } from "../../ui/list.tsx";
import { words } from "../../words/words.ts";
import { didText, firstOf, stepTone } from "./step-text.ts";
import type { ViewProps } from "./views.tsx";

const TICKS = [0, 25, 50, 75, 100] as const;

/** The time that is shown, and its places in per cent. */
interface Scale {
  readonly span: number;
  /** Where the scale begins, from the beginning of the saga: negative where a clock is behind. */
  readonly from: number;
  readonly at: (time: number) => number;
}

/** How long each step took: on its way and in the queue thin, in the handler thick. */
export function Timeline({ reply: { steps }, onEnd }: ViewProps) {
  const scale = useMemo(() => scaleOf(steps), [steps]);
  const { saga: w } = words.value;
  const columns = [
    { key: "service", title: w.service },
    { key: "did", title: w.did },
    { key: "bars", title: <Axis scale={scale} /> },
    { key: "took", title: words.value.sagas.took, numeric: true },
  ];
  return (
    <>
      <p class="soft note-line">
        <span aria-hidden="true">┄ </span>
        {w.queued} <span aria-hidden="true">━ </span>
        {w.handler}
        {steps.some(({ putOff }) => putOff) && (
          <>
            {" "}
            <span aria-hidden="true" class="wait">
              ┅{" "}
            </span>
            {w.putOff}
          </>
        )}
      </p>
      <List
        label={w.views.timeline}
        class="timeline-list"
        columns={columns}
        count={steps.length}
        keyOf={(index) => String(steps[index]?.n)}
        row={(index, focus) => cells(steps[index], focus, scale)}
        onEnd={onEnd}
      />
    </>
  );
}

function Axis({ scale: { span, from } }: { readonly scale: Scale }) {
  const textOf = (ms: number) => (ms < 0 ? `−${spanText(-ms)}` : spanText(ms));
  return (
    <span class="axis">
      {TICKS.map((tick) => (
        <span key={tick}>{textOf(from + (span * tick) / 100)}</span>
      ))}
    </span>
  );
}

function scaleOf(steps: readonly Step[]): Scale {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { at, handlerMs = 0, transitMs = 0 } of steps) {
    first = Math.min(first, at - handlerMs - transitMs);
    last = Math.max(last, at);
  }
  const span = Math.max(1, last - first);
  const from = first - firstOf(steps, first);
  return { span, from, at: (time) => ((time - first) / span) * 100 };
}

function cells(step: Step | undefined, focus: 0 | -1, scale: Scale) {
  if (step === undefined) return [];
  const { service, heard, handlerMs } = step;
  const { saga: w } = words.value;
  return [
    <span key="service" tabIndex={focus}>
      <Id text={service} />
    </span>,
    <span key="did" class={`did ${stepTone(step)}`} title={step.clockContradicts ? w.clock : ""}>
      {step.clockContradicts && "? "}
      {heard === undefined ? didText(step) : `${shortType(heard)}: ${didText(step)}`}
    </span>,
    <Bars key="bars" step={step} scale={scale} />,
    <span key="took" title={wayText(step)}>
      {handlerMs === undefined ? "–" : spanText(handlerMs)}
    </span>,
  ];
}

function Bars({ step, scale }: { readonly step: Step; readonly scale: Scale }) {
  const { at, handlerMs = 0, transitMs = 0, putOff = false } = step;
  const [sent, began, done] = [at - handlerMs - transitMs, at - handlerMs, at].map(scale.at);
  const { saga: w } = words.value;
  const said = [wayText(step), `${w.handler} ${spanText(handlerMs)}`].filter(Boolean).join(", ");
  return (
    <svg class={`bars ${stepTone(step)}`} role="img" aria-label={said}>
      <line
        class={`transit ${putOff ? "put-off" : ""}`}
        x1={`${sent}%`}
        x2={`${began}%`}
        y1="50%"
        y2="50%"
      />
      <line class="handler" x1={`${began}%`} x2={`${done}%`} y1="50%" y2="50%" />
    </svg>
  );
}

/** How long it took until the handler began, and whether that was only its way. */
function wayText({ transitMs, putOff = false }: Step): string {
  const { saga: w } = words.value;
  return transitMs === undefined ? "" : `${putOff ? w.putOff : w.transit} ${spanText(transitMs)}`;
}
