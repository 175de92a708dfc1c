import { about } from "../net/about.ts";
import { connected, heardAt, live } from "../net/live.ts";
import { hrefOf } from "../route.ts";
import { now, spanText, timeText } from "../text/time.ts";
import { visible, visibleLines } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** A stream that is silent for longer than this is not trusted, also if it looks open. */
const SILENT_MS = 15_000;

/** Whether every event is accounted for, and how old what is shown is: always in sight. */
export function Status() {
  return (
    <div class="status">
      <Ledger />
      <Age />
    </div>
  );
}

/** How old what is shown is. */
function silentMs(): number {
  return heardAt.value === undefined ? 0 : now.value - (live.value.now ?? now.value);
}

function isLost(): boolean {
  return heardAt.value !== undefined && (!connected.value || silentMs() > SILENT_MS);
}

function Ledger() {
  const { shell } = words.value;
  const unexplained = live.value.ledger?.unexplained;
  if (unexplained === undefined) return null;
  const fine = unexplained === 0;
  // Of what is not read nothing is known: that is not what a tick says.
  const { unread = [], unnamed = [] } = live.value;
  const whole = unread.length + unnamed.length === 0;
  const [tone, sign] = fine ? (whole ? ["good", "✓ "] : ["wait", "? "]) : ["bad", "✗ "];
  const said = whole ? shell.accounted : shell.accountedRead;
  // What was true when the connection was lost may not be so any more.
  if (isLost()) return <span class="wait">? {shell.accountUnknown}</span>;
  return (
    <a class={tone} href={hrefOf("services", undefined, { view: "ledger" })}>
      <span aria-hidden="true">{sign}</span>
      {fine ? said : shell.unexplained(unexplained)}
    </a>
  );
}

function Age() {
  const { shell } = words.value;
  if (heardAt.value === undefined) return <span class="soft">{shell.connecting}</span>;
  if (isLost())
    return (
      <span class="bad" role="status">
        {shell.lost(spanText(silentMs()))}
      </span>
    );
  const { behindMs } = live.value;
  if (behindMs === undefined) return <span class="wait">{shell.reading}</span>;
  return <span class="soft">{shell.behind(spanText(behindMs))}</span>;
}

/** What is missing on every screen, said once above them. */
export function Warnings() {
  const { shell } = words.value;
  const { unread = [], unnamed = [], lostBuses = [], failures = [] } = live.value;
  const services = (about.value?.services ?? []).filter((one) => !unnamed.includes(one));
  const isAll = about.value !== undefined && unread.length >= services.length;
  const noEnds = about.value?.choreography?.endsKnown === false;
  return (
    <>
      {failures.map(({ code, message }) => (
        <div key={code} class="notice bad" role="alert">
          <strong>{shell.ended}</strong> {shell.endedMore}
          <pre class="failure">{visibleLines(`${code}: ${message}`)}</pre>
        </div>
      ))}
      {unread.length > 0 && (
        <p class="notice bad" role="alert">
          <strong>
            {shell.unread(
              unread
                .map(({ service, code }) => visible(service === "" ? code : `${service} (${code})`))
                .join(", "),
            )}
          </strong>{" "}
          {/* Nothing goes on where no source is left. */}
          {isAll ? shell.unreadAll : shell.unreadWhy}
        </p>
      )}
      {lostBuses.map(({ place = "", since, services, waiting }) => (
        <p key={place} class="notice bad">
          <strong role="alert">{shell.busLost(visible(place), timeText(since))}</strong>{" "}
          {shell.busLostWaits(waiting, services.map(visible).join(", "))}
        </p>
      ))}
      {unnamed.length > 0 && <p class="notice">{shell.unnamed(unnamed.map(visible).join(", "))}</p>}
      {noEnds && <p class="notice">{shell.noEnds}</p>}
    </>
  );
}
