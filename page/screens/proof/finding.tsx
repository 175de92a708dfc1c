import { useMemo } from "preact/hooks";
import type { ProofFinding } from "../../../src/console/wire.ts";
import { hrefOf } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { hintOf, meaningOf, Original } from "../../ui/finding-text.tsx";
import { Id } from "../../ui/id.tsx";
import { Sequence } from "../../ui/sequence.tsx";
import { words } from "../../words/words.ts";
import { traceRows } from "./trace-rows.ts";

const TONES = { error: "bad", warning: "wait", information: "soft" } as const;

/** One finding: its counterexample, the repairs that work, and whom it concerns now. */
export function FindingDetail({
  finding,
  live,
  looked,
}: {
  readonly finding: ProofFinding;
  /** How many sagas have not ended, and how many of them were looked into. */
  readonly live: number;
  readonly looked: number;
}) {
  const { proof: w } = words.value;
  const { code, severity, message, hint, trace, repairs, edges, sagas, examples } = finding;
  const [meaning, whatToDo] = [meaningOf(code), hintOf(code)];
  return (
    <section class="detail" aria-labelledby="finding">
      <h2 id="finding">
        <code class={TONES[severity]}>{visible(code)}</code>{" "}
        <span class="soft">{w.severities[severity]}</span>
      </h2>
      <p class="message">
        {meaning ?? visible(message)}
        {meaning !== undefined && <Original text={message} />}
      </p>
      {sagas > 0 && (
        <p class="bad">
          {w.live(sagas, looked, live)}{" "}
          {examples.map((id) => (
            <a key={id} class="example" href={hrefOf("sagas", id)}>
              <Id text={id} />
            </a>
          ))}
        </p>
      )}
      {hint !== undefined && (
        <p>
          <b>{w.hint}</b> {whatToDo ?? visible(hint)}
          {whatToDo !== undefined && <Original text={hint} />}
        </p>
      )}
      {repairs.length > 0 && (
        <>
          <h3>{w.repairs}</h3>
          <ul class="repairs">
            {repairs.map((repair) => (
              <li key={repair} class="mono">
                {visible(repair)}
              </li>
            ))}
          </ul>
        </>
      )}
      {edges.length > 0 && (
        <p>
          <a class="button" href={hrefOf("map", undefined, { lit: code, back: "1" })}>
            {w.onMap}
          </a>
        </p>
      )}
      {trace === undefined ? <p class="soft">{w.noTrace}</p> : <Counterexample trace={trace} />}
    </section>
  );
}

function Counterexample({ trace }: { readonly trace: NonNullable<ProofFinding["trace"]> }) {
  const { proof: w, saga } = words.value;
  const said = useMemo(() => ({ ...w, outside: saga.outsideLane }), [w, saga]);
  const { rows, lanes } = useMemo(() => traceRows(trace, said), [trace, said]);
  return (
    <>
      <h3>{w.counterexample}</h3>
      <Sequence label={w.counterexample} rows={rows} lanes={lanes} timed={false} />
    </>
  );
}
