import { useEffect, useMemo, useRef } from "preact/hooks";
import { widthOf } from "../text/measure.ts";
import { visible } from "../text/visible.ts";
import type { Tone } from "./tones.ts";
import { useVirtual } from "./virtual.ts";

/** One step of a sequence diagram. */
export interface SequenceRow {
  readonly key: string;
  readonly who: string;
  /** Who sent what was heard. The same as `who` if nothing was heard. */
  readonly from: string;
  readonly heard?: string;
  readonly note: string;
  readonly tone: Tone;
  /** In words, for those who cannot see the arrows. */
  readonly said: string;
  readonly time?: string;
  /** What is odd about the step. */
  readonly warning?: string;
}

const ROW_PX = 48;
const LEFT_PX = 18;
const LANE_PX = 168;
const TIME_PX = 94;
/** Where the note of a step begins behind its lifeline, and the size of its letters. */
const NOTE_PX = 10;
const NOTE_SIZE_PX = 12;
const END_PX = 24;
const ARROW_Y = 19;
const DOT_Y = 34;

/** A sequence diagram: services stand side by side, time runs down. Long ones stay quick. */
export function Sequence({
  label,
  rows,
  lanes,
  timed,
  onEnd,
}: {
  readonly label: string;
  readonly rows: readonly SequenceRow[];
  readonly lanes: readonly string[];
  readonly timed: boolean;
  readonly onEnd?: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { items, height } = useVirtual(box, rows.length, ROW_PX);
  const left = timed ? TIME_PX : 0;
  const xOf = useMemo(() => {
    const places = new Map(lanes.map((name, i) => [name, left + LEFT_PX + i * LANE_PX]));
    return (name: string) => places.get(name) ?? left + LEFT_PX;
  }, [lanes, left]);
  const width = useMemo(() => {
    // Notes of a kind repeat, so few are measured.
    const ends = rows.map(({ who, note }) => xOf(who) + NOTE_PX + widthOf(note, NOTE_SIZE_PX));
    return (
      Math.max(
        left + LEFT_PX + lanes.length * LANE_PX,
        ends.reduce((a, b) => Math.max(a, b), 0),
      ) + END_PX
    );
  }, [rows, lanes, left, xOf]);
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 5) onEnd?.();
  }, [last, rows.length, onEnd]);
  return (
    <div class="sequence" ref={box} tabIndex={0} role="region" aria-label={label}>
      <div class="lanes" style={{ width: `${width}px` }} aria-hidden="true">
        {lanes.map((name) => (
          <b key={name} style={{ left: `${xOf(name) - 6}px`, width: `${LANE_PX - 8}px` }}>
            {visible(name)}
          </b>
        ))}
      </div>
      <ol class="list-rows" style={{ height: `${height}px`, width: `${width}px` }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <li
              key={row.key}
              class={`step ${row.tone}`}
              style={{ transform: `translateY(${start}px)` }}
            >
              <span class="hidden">{row.said}</span>
              <Drawn row={row} lanes={lanes} xOf={xOf} width={width} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Drawn({
  row,
  lanes,
  xOf,
  width,
}: {
  readonly row: SequenceRow;
  readonly lanes: readonly string[];
  readonly xOf: (name: string) => number;
  readonly width: number;
}) {
  const { who, from, heard, note, time, warning } = row;
  const [a, b] = [xOf(from), xOf(who)];
  const towards = b > a ? 1 : -1;
  return (
    <svg width={width} height={ROW_PX} aria-hidden="true">
      {warning !== undefined && <title>{warning}</title>}
      {lanes.map((name) => (
        <line key={name} class="lifeline" x1={xOf(name)} x2={xOf(name)} y1={0} y2={ROW_PX} />
      ))}
      {time !== undefined && (
        <text class="at" x={TIME_PX - 12} y={DOT_Y + 4}>
          {warning === undefined ? time : `? ${time}`}
        </text>
      )}
      {heard !== undefined && (
        <text class="heard" x={Math.min(a, b) + 8} y={ARROW_Y - 5}>
          {heard}
        </text>
      )}
      {heard !== undefined && a !== b && (
        <>
          <line class="arrow" x1={a} x2={b - towards * 6} y1={ARROW_Y} y2={ARROW_Y} />
          <path class="arrow-head" d={`M${b} ${ARROW_Y}l${-7 * towards} -3.5v7z`} />
        </>
      )}
      <circle cx={b} cy={DOT_Y} r={4} />
      <text class="note" x={b + NOTE_PX} y={DOT_Y + 4}>
        {note}
      </text>
    </svg>
  );
}
