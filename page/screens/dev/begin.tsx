import { useState } from "preact/hooks";
import type { DevBegun, DevForm, DevReply } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";
import { Problem } from "../../net/problem.ts";
import { hrefOf } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { Id } from "../../ui/id.tsx";
import { Failed } from "../../ui/shown.tsx";
import { VerdictMark } from "../../ui/verdict.tsx";
import { words } from "../../words/words.ts";
import { fieldsOf, jsonIn, NotJson, payloadOf, type Values } from "./payload-form.ts";
import { PayloadInput } from "./payload-input.tsx";

const SHOWN_MAX = 8;

/** Begins sagas with forms that are made from the schemas of their events. */
export function Begin({
  forms,
  begun,
  running,
  onBegin,
}: {
  readonly forms: readonly DevForm[];
  readonly begun: DevReply["begun"];
  /** Whether there are services that begin it. */
  readonly running: boolean;
  readonly onBegin: () => void;
}) {
  const { dev: w, open } = words.value;
  const [chosen, choose] = useState("");
  const [typed, setTyped] = useState<Values>({});
  const [whole, setWhole] = useState("{}");
  const [sagaId, setSagaId] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const form = forms.find(({ type }) => type === chosen) ?? forms[0];
  if (form === undefined) return <p class="soft">{w.none}</p>;
  const fields = fieldsOf(form.schema);
  const tell = async (ask: () => Promise<DevBegun>) => {
    try {
      await ask();
      setProblem(undefined);
      onBegin();
    } catch (error) {
      setProblem(
        error instanceof NotJson
          ? new Problem("JSON", w.notJson(error.field), {})
          : Problem.from(error),
      );
    }
  };
  const begin = async () => {
    const payload = fields === undefined ? jsonIn(w.payload, whole) : payloadOf(fields, typed);
    const id = sagaId.trim();
    return api.begin({ type: form.type, payload, ...(id !== "" && { sagaId: id }) });
  };
  return (
    <form
      class="act dev-begin"
      onSubmit={(event) => {
        event.preventDefault();
        tell(begin);
      }}
    >
      <label class="stacked">
        {w.event}
        <select
          class="field"
          value={form.type}
          onChange={({ currentTarget }) => {
            choose(currentTarget.value);
            setTyped({});
          }}
        >
          {forms.map(({ type, service }) => (
            <option key={type} value={type}>
              {visible(`${service}: ${type}`)}
            </option>
          ))}
        </select>
      </label>
      {fields === undefined ? (
        <label class="stacked">
          {w.payload}
          <textarea
            class="field mono"
            rows={4}
            value={whole}
            onInput={({ currentTarget }) => setWhole(currentTarget.value)}
          />
        </label>
      ) : (
        fields.map((field) => (
          <PayloadInput
            key={`${form.type} ${field.name}`}
            field={field}
            value={typed[field.name] ?? field.first}
            onChange={(value) => setTyped({ ...typed, [field.name]: value })}
          />
        ))
      )}
      <label class="stacked">
        {w.sagaId}
        <input
          class="field mono"
          value={sagaId}
          placeholder={w.newId}
          onInput={({ currentTarget }) => setSagaId(currentTarget.value)}
        />
      </label>
      {problem !== undefined && <Failed problem={problem} title={w.refused} />}
      <div class="bar">
        <button type="submit" class="button first" disabled={!running}>
          {w.start}
        </button>
        <button
          type="button"
          class="button"
          disabled={!running || begun.count === 0}
          onClick={() => tell(api.again)}
        >
          {w.again}
        </button>
      </div>
      {begun.last.length > 0 && (
        <section aria-live="polite">
          <h3>{w.begun(begun.count)}</h3>
          <ul class="dev-begun">
            {begun.last.slice(0, SHOWN_MAX).map((saga, n) => (
              <li key={begun.count - n}>
                <a href={hrefOf("sagas", saga.sagaId)}>
                  <Id text={saga.sagaId} />
                </a>
                {saga.verdict !== undefined && (
                  <>
                    {" "}
                    <VerdictMark of={saga.verdict} />
                  </>
                )}
                {!saga.begun && <span class="soft"> {w.before}</span>}
              </li>
            ))}
            {begun.count > SHOWN_MAX && (
              <li>
                <a href={hrefOf("sagas")}>{open.more(begun.count - SHOWN_MAX)}</a>
              </li>
            )}
          </ul>
        </section>
      )}
    </form>
  );
}
