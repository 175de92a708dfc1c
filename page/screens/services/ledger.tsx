import { useState } from "preact/hooks";
import type { LedgerLine, LedgerReply } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { numberText } from "../../text/number.ts";
import { shortType, visible } from "../../text/visible.ts";
import { List } from "../../ui/list.tsx";
import { Named } from "../../ui/named.tsx";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

/** The account of every event at every reaction that hears it. */
export function Ledger() {
  const asked = useResource("ledger", (signal) => api.ledger(signal));
  return <Shown asked={asked}>{(ledger) => <Account ledger={ledger} />}</Shown>;
}

function Account({ ledger }: { readonly ledger: LedgerReply }) {
  const { services: w } = words.value;
  const [onlyOpen, setOnlyOpen] = useState(false);
  const { emitted, handled, discarded, putOff, onItsWay, lines, complete } = ledger;
  const sum = (of: (line: LedgerLine) => number) => lines.reduce((n, line) => n + of(line), 0);
  const missing = sum(({ unexplained }) => Math.max(0, unexplained));
  const unexpected = sum(({ unexplained }) => Math.max(0, -unexplained));
  const shown = onlyOpen ? lines.filter(isOpen) : lines;
  const columns = [
    { key: "event", title: w.event },
    { key: "ledger-reaction", title: w.reaction },
    { key: "emitted", title: w.emitted, numeric: true },
    { key: "handled", title: w.handledAll, numeric: true },
    { key: "discarded", title: w.discarded, numeric: true },
    { key: "off", title: w.putOff, numeric: true },
    { key: "way", title: w.onItsWay, numeric: true },
    { key: "unexplained", title: w.unexplained, numeric: true },
  ];
  return (
    <>
      <dl class="sums">
        <Sum title={w.emitted} value={emitted} sign="" />
        <Sum title={w.handledAll} value={handled} sign="=" />
        <Sum title={w.discarded} value={discarded} sign="+" />
        <Sum title={w.putOff} value={putOff} sign="+" />
        <Sum title={w.onItsWay} value={onItsWay} sign="+" />
        <Sum title={w.unexplained} value={missing} sign="+" bad={missing > 0} />
        {unexpected > 0 && <Sum title={w.unexpected} value={unexpected} sign="−" bad />}
      </dl>
      <p class="soft note-line">{w.counted}</p>
      {!complete && <p class="notice">{w.incomplete}</p>}
      <label class="check">
        <input
          type="checkbox"
          checked={onlyOpen}
          onChange={({ currentTarget: { checked } }) => setOnlyOpen(checked)}
        />
        {w.onlyOpen}
      </label>
      {shown.length === 0 ? (
        <Empty title={discarded === 0 ? w.allClosed : w.allClosedBut(discarded)} />
      ) : (
        <List
          label={w.ledger}
          class="ledger-list"
          columns={columns}
          count={shown.length}
          keyOf={(index) =>
            `${shown[index]?.stem} ${shown[index]?.service} ${shown[index]?.reaction}`
          }
          row={(index, focus) => cells(shown[index], focus)}
        />
      )}
    </>
  );
}

function isOpen({ putOff, onItsWay, unexplained }: LedgerLine): boolean {
  return putOff !== 0 || onItsWay !== 0 || unexplained !== 0;
}

function Sum({
  title,
  value,
  sign,
  bad = false,
}: {
  readonly title: string;
  readonly value: number;
  readonly sign: string;
  readonly bad?: boolean;
}) {
  return (
    <div>
      <dt>{title}</dt>
      <dd class={bad ? "bad" : ""}>
        <span aria-hidden="true" class="sign">
          {sign}{" "}
        </span>
        {numberText(value)}
      </dd>
    </div>
  );
}

function cells(line: LedgerLine | undefined, focus: 0 | -1) {
  if (line === undefined) return [];
  const {
    stem,
    service,
    reaction,
    emitted,
    handled,
    discarded,
    putOff,
    onItsWay,
    unexplained,
    unread = [],
  } = line;
  const { services: w } = words.value;
  const quiet = (n: number) => (n === 0 ? <span class="soft">0</span> : numberText(n));
  return [
    <span key="event" class="mono" tabIndex={focus}>
      {shortType(stem)}
    </span>,
    visible(`${service} ${reaction}`),
    <Named key="emitted" title={w.emitted}>
      {numberText(emitted)}
    </Named>,
    numberText(handled),
    quiet(discarded),
    quiet(putOff),
    quiet(onItsWay),
    <Named key="unexplained" title={w.unexplained}>
      {unread.length > 0 ? (
        <span class="wait" title={w.lineUnread(unread.map(visible).join(", "))}>
          {w.unknown}
        </span>
      ) : unexplained === 0 ? (
        quiet(0)
      ) : (
        <b class="bad">{numberText(unexplained)}</b>
      )}
    </Named>,
  ];
}
