import { useState } from "preact/hooks";
import { words } from "../words/words.ts";
import { Id } from "./id.tsx";

/** For which time a button says that it has copied. */
const SAID_MS = 2_000;

/** An id, with a button that copies it as it is: also the characters that are shown by a number. */
export function CopiedId({
  text,
  focus,
  listed = false,
}: {
  readonly text: string;
  readonly focus?: 0 | -1;
  /** As of `Id`. */
  readonly listed?: boolean;
}) {
  const { copy: w } = words.value;
  const [said, setSaid] = useState<string>();
  // Browsers have no clipboard for pages that came over plain HTTP from another machine.
  if (!("clipboard" in navigator)) return <Id text={text} listed={listed} />;
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    setSaid(done ? w.done : w.failed);
    setTimeout(() => setSaid(undefined), SAID_MS);
  };
  return (
    <span class="copied">
      <Id text={text} listed={listed} />{" "}
      <button
        type="button"
        class="button plain copy"
        tabIndex={focus}
        title={w.copy}
        onClick={copy}
      >
        <span class="hidden">{w.copy}</span>
        <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12">
          <path d="M4 4V1h7v7H8M1 4h7v7H1z" fill="none" stroke="currentColor" />
        </svg>
      </button>
      <small class="soft" role="status">
        {said}
      </small>
    </span>
  );
}
