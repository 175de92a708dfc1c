import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { narrow } from "./narrow.ts";
import { useVirtual } from "./virtual.ts";

/** One column of a list. */
export interface Column {
  readonly key: string;
  readonly title: ComponentChildren;
  readonly numeric?: boolean;
}

export interface ListProps {
  readonly label: string;
  /** Its class says how wide the columns are. */
  readonly class: string;
  readonly columns: readonly Column[];
  readonly count: number;
  /**
   * Whether these are all rows; if not, how many there are is not known.
   * @default true
   */
  readonly complete?: boolean;
  readonly keyOf: (index: number) => string;
  /** One cell for each column; of those that are focused, the first of a row. */
  readonly row: (index: number, focus: 0 | -1) => readonly ComponentChildren[];
  readonly rowClass?: (index: number) => string;
  /** The key of the row that has the focus first, if it is among those that are read first. */
  readonly first?: string | undefined;
  /** The last rows can be seen: more may be asked for. */
  readonly onEnd?: () => void;
}

const ROW_PX = 28;
const HEAD_PX = 28;
/** On a narrow screen a row has two lines. */
const NARROW_ROW_PX = 50;
const AHEAD_ROWS = 30;
const PAGE_ROWS = 20;

const MOVES: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE_ROWS,
  PageUp: -PAGE_ROWS,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** A table of many rows, of which those are in the document that can be seen. */
export function List({ label, class: name, columns, count, ...own }: ListProps) {
  const { keyOf, row, rowClass, first, onEnd, complete = true } = own;
  const box = useRef<HTMLDivElement>(null);
  const height = narrow.value ? NARROW_ROW_PX : ROW_PX;
  const { items, height: all, show } = useVirtual(box, count, height, narrow.value ? 0 : HEAD_PX);
  const [active, setActive] = useState(0);
  /** The row that gets the focus once it is in the document. */
  const wanted = useRef<number | undefined>(undefined);
  const current = Math.min(active, Math.max(0, count - 1));
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count > 0 && last > count - AHEAD_ROWS) onEnd?.();
  }, [count, last, onEnd]);
  /** Whether the row is in the document, and has the focus now. */
  const focus = (index: number) => {
    const target = box.current?.querySelector<HTMLElement>(`[data-row="${index}"] [tabindex]`);
    target?.focus({ preventScroll: true });
    return target !== undefined && target !== null;
  };
  useEffect(() => {
    if (wanted.current !== undefined && focus(wanted.current)) wanted.current = undefined;
  });
  const sought = useRef(first);
  useEffect(() => {
    if (count === 0 || sought.current === undefined) return;
    const at = Array.from({ length: count }, (_, index) => keyOf(index)).indexOf(sought.current);
    sought.current = undefined;
    if (at < 0) return;
    setActive(at);
    show(at);
    wanted.current = focus(at) ? undefined : at;
  }, [count]);
  const move = (event: KeyboardEvent) => {
    const step = MOVES[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, current + step));
    setActive(next);
    show(next);
    wanted.current = focus(next) ? undefined : next;
  };
  return (
    <div
      class={`list ${name}`}
      role="table"
      ref={box}
      aria-label={label}
      aria-rowcount={complete ? count + 1 : -1}
    >
      <div class="list-row head" role="row" aria-rowindex={1}>
        {columns.map(({ key, title, numeric }) => (
          <span key={key} role="columnheader" class={`${key} ${numeric ? "num" : ""}`}>
            {title}
          </span>
        ))}
      </div>
      <div class="list-rows" role="rowgroup" style={{ height: `${all}px` }} onKeyDown={move}>
        {items.map(({ index, start }) => (
          <div
            key={keyOf(index)}
            role="row"
            aria-rowindex={index + 2}
            data-row={index}
            class={`list-row ${rowClass?.(index) ?? ""}`}
            style={{ transform: `translateY(${start}px)`, height: `${height}px` }}
            onFocusIn={() => setActive(index)}
          >
            {row(index, index === current ? 0 : -1).map((cell, at) => (
              <span
                key={columns[at]?.key ?? at}
                role="cell"
                class={`${columns[at]?.key ?? ""} ${columns[at]?.numeric ? "num" : ""}`}
              >
                {cell}
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
