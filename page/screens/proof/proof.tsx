import type { ProofAssumption, ProofFinding, ProofReply } from "../../../src/console/wire.ts";
import { useProof } from "../../net/use-proof.ts";
import { hrefOf, route } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { meaningOf, Original } from "../../ui/finding-text.tsx";
import { List } from "../../ui/list.tsx";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { FindingDetail } from "./finding.tsx";

/** What the proof of the choreography has found. */
export function ProofScreen() {
  const { proof: w, screens } = words.value;
  const asked = useProof(true);
  return (
    <>
      <h1 class="hidden">{screens.proof}</h1>
      <Shown asked={asked}>
        {(reply) => {
          if (reply.state === "none") return <Empty title={w.none}>{w.noneMore}</Empty>;
          if (reply.state === "running")
            return (
              <p class="loading" role="status">
                {w.running}
              </p>
            );
          return <Done reply={reply} />;
        }}
      </Shown>
    </>
  );
}

type DoneReply = Extract<ProofReply, { readonly state: "done" }>;

function Done({ reply }: { readonly reply: DoneReply }) {
  const { ok, complete, states, assumed, findings, live = 0, looked = 0 } = reply;
  const { proof: w } = words.value;
  const { open } = route.value;
  // Links from elsewhere know the code.
  const named = findings.findIndex(({ code }) => code === open);
  const at = named >= 0 ? named : Math.min(Number(open ?? 0) || 0, findings.length - 1);
  const shown = findings[at];
  return (
    <>
      <p class={`proof-head ${ok ? "good" : "bad"}`}>
        <span aria-hidden="true">{ok ? "✓ " : "✗ "}</span>
        <b>{ok ? w.ok : w.notOk(findings.length)}</b>{" "}
        <span class="soft">
          {w.states(states)}, {w.how}
          {!complete && ` · ${w.incomplete}`}
        </span>
      </p>
      {assumed.map((one) => (
        <Assumed key={one.code} assumption={one} />
      ))}
      {shown !== undefined && (
        <div class="split">
          <List
            label={w.findings}
            class="findings-list"
            columns={[{ key: "finding", title: w.findings }]}
            count={findings.length}
            keyOf={(index) => String(index)}
            rowClass={(index) => (index === at ? "chosen" : "")}
            row={(index, focus) => [<FindingLink key="f" {...{ findings, index, focus, at }} />]}
          />
          <FindingDetail key={at} finding={shown} live={live} looked={looked} />
        </div>
      )}
    </>
  );
}

/** What the proof does not show by itself. */
function Assumed({ assumption: { code, message } }: { readonly assumption: ProofAssumption }) {
  const { assumed, assumptions } = words.value.proof;
  const meaning = Object.hasOwn(assumptions, code) ? assumptions[code] : undefined;
  return (
    <p class="soft">
      {assumed} {meaning ?? `${visible(message)}.`}
      {meaning !== undefined && <Original text={message} />}
    </p>
  );
}

function FindingLink({
  findings,
  index,
  focus,
  at,
}: {
  readonly findings: readonly ProofFinding[];
  readonly index: number;
  readonly focus: 0 | -1;
  readonly at: number;
}) {
  const finding = findings[index];
  if (finding === undefined) return null;
  const { code, severity, message } = finding;
  return (
    <a
      href={hrefOf("proof", String(index))}
      tabIndex={focus}
      title={visible(message)}
      aria-current={index === at ? "true" : undefined}
    >
      <code class={severity === "error" ? "bad" : severity === "warning" ? "wait" : "soft"}>
        {visible(code)}
      </code>{" "}
      {meaningOf(code) ?? visible(message)}
    </a>
  );
}
