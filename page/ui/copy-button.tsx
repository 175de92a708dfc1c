import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** For which time a button says that it has copied. */
const SAID_MS = 2_000;

/** Copies an id as it is: also the characters that are shown by a number. */
export function CopyButton({ text, focus }: { readonly text: string; readonly focus?: 0 | -1 }) {
  const { copy: w } = words.value;
  const [said, setSaid] = useState<string>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  // Browsers have no clipboard for pages that came over plain HTTP from another machine.
  if (!("clipboard" in navigator)) return null;
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    setSaid(done ? w.done : w.failed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(undefined), SAID_MS);
  };
  const name = w.copy(visible(text));
  return (
    <>
      <button
        type="button"
        class="button plain copy"
        tabIndex={focus}
        aria-label={name}
        title={name}
        onClick={copy}
      >
        <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12">
          <path d="M4 4V1h7v7H8M1 4h7v7H1z" fill="none" stroke="currentColor" />
        </svg>
      </button>
      <small class="soft" role="status">
        {said}
      </small>
    </>
  );
}
