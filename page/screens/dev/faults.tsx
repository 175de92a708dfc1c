import { useState } from "preact/hooks";
import type { DevFault, DevPlace } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { Problem } from "../../net/problem.ts";
import { visible } from "../../text/visible.ts";
import { Failed } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";

const KINDS = ["throw", "park", "delay", "twice", "hold", "kill"] as const;
/** What the numbers of a fault are at first. */
const TIMES = 1;
const DELAY_MS = 1_000;

/** Sets faults of services, and shows those that are set. */
export function Faults({
  faults,
  places,
  points,
  onChange,
}: {
  readonly faults: readonly DevFault[];
  readonly places: readonly DevPlace[];
  readonly points: readonly string[];
  readonly onChange: () => void;
}) {
  const { dev: w } = words.value;
  const [kind, setKind] = useState<DevFault["kind"]>("throw");
  const [service, setService] = useState("");
  const [at, setAt] = useState("");
  const [amount, setAmount] = useState<number>();
  const [point, setPoint] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const place = places.find((one) => one.service === service) ?? places[0];
  const ofHandler = strikesHandler(kind);
  const names = place === undefined ? [] : namesFor(kind, place);
  const fault: DevFault = {
    kind,
    service: place?.service ?? "",
    // What was chosen of another service, or for another fault, is not there any more.
    ...(names.includes(at) && { at }),
    ...(ofHandler && { times: amount ?? TIMES }),
    ...(kind === "delay" && { ms: amount ?? DELAY_MS }),
    ...(kind === "kill" && { point: point || (points[0] ?? "") }),
  };
  const tell = async (ask: () => Promise<unknown>) => {
    try {
      await ask();
      setProblem(undefined);
      onChange();
    } catch (error) {
      setProblem(Problem.from(error));
    }
  };
  return (
    <form
      class="act dev-faults"
      onSubmit={(event) => {
        event.preventDefault();
        tell(() => api.fault(fault));
      }}
    >
      {faults.length === 0 ? (
        <p class="soft">{w.noFaults}</p>
      ) : (
        <ul class="dev-set">
          {faults.map((one) => (
            <li key={JSON.stringify(one)}>
              {w.kinds[one.kind]}: <code>{visible(placeOf(one))}</code>
            </li>
          ))}
        </ul>
      )}
      <label class="stacked">
        {w.kind}
        <select
          class="field"
          value={kind}
          onChange={({ currentTarget: { value } }) => {
            setKind(KINDS.find((one) => one === value) ?? "throw");
            setAmount(undefined);
          }}
        >
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {w.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      <label class="stacked">
        {w.service}
        <select
          class="field"
          value={fault.service}
          onChange={({ currentTarget }) => setService(currentTarget.value)}
        >
          {places.map((one) => (
            <option key={one.service} value={one.service}>
              {visible(one.service)}
            </option>
          ))}
        </select>
      </label>
      {kind === "kill" ? (
        <label class="stacked">
          {w.point}
          <select
            class="field"
            value={fault.point}
            onChange={({ currentTarget }) => setPoint(currentTarget.value)}
          >
            {points.map((one) => (
              <option key={one} value={one}>
                {visible(one)}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <label class="stacked">
          {ofHandler ? w.at : w.event}
          <select
            class="field"
            value={fault.at ?? ""}
            onChange={({ currentTarget }) => setAt(currentTarget.value)}
          >
            <option value="">{w.all}</option>
            <Names title={w.events} names={place?.events ?? []} />
            {ofHandler && <Names title={w.reactions} names={place?.reactions ?? []} />}
          </select>
        </label>
      )}
      {(ofHandler || kind === "delay") && (
        <label class="stacked">
          {ofHandler ? w.times : w.milliseconds}
          <input
            class="field"
            type="number"
            min={1}
            required
            value={fault.times ?? fault.ms}
            onInput={({ currentTarget }) => setAmount(currentTarget.valueAsNumber)}
          />
        </label>
      )}
      {problem !== undefined && <Failed problem={problem} title={w.refused} />}
      <div class="bar">
        <button type="submit" class="button first">
          {w.set}
        </button>
        <button
          type="button"
          class="button"
          title={w.clearMore}
          disabled={faults.length === 0}
          onClick={() => tell(api.clear)}
        >
          {w.clear}
        </button>
      </div>
    </form>
  );
}

function Names({ title, names }: { readonly title: string; readonly names: readonly string[] }) {
  return (
    <optgroup label={title}>
      {names.map((one) => (
        <option key={one} value={one}>
          {visible(one)}
        </option>
      ))}
    </optgroup>
  );
}

/** Only a handler has a name besides that of its event. */
function namesFor(kind: DevFault["kind"], { events, reactions }: DevPlace): readonly string[] {
  if (kind === "kill") return [];
  return strikesHandler(kind) ? [...new Set([...events, ...reactions])] : events;
}

function strikesHandler(kind: DevFault["kind"]): boolean {
  return kind === "throw" || kind === "park";
}

function placeOf({ service, at, times, ms, point }: DevFault): string {
  const amounts = [times === undefined ? "" : ` × ${times}`, ms === undefined ? "" : ` ${ms} ms`];
  return [service, at === undefined ? "" : `/${at}`, point === undefined ? "" : ` ${point}`]
    .concat(amounts)
    .join("");
}
