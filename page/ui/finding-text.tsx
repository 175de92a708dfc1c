import { visible } from "../text/visible.ts";
import { words } from "../words/words.ts";

/** A broken rule in the language of the person, with the words of the checker beneath. */
export function FindingText({
  code,
  message,
  say = (text) => text,
}: {
  readonly code: string;
  readonly message: string;
  readonly say?: (text: string) => string;
}) {
  const meaning = meaningOf(code);
  if (meaning === undefined) return <>{say(visible(`${code}: ${message}`))}</>;
  return (
    <>
      {say(visible(`${code}: ${meaning}`))}
      <Original text={message} />
    </>
  );
}

/** What a code means, where the checker's own text is in another language. */
export function meaningOf(code: string): string | undefined {
  return translated(code)?.[0];
}

/** The same of what to do. */
export function hintOf(code: string): string | undefined {
  return translated(code)?.[1];
}

export function Original({ text }: { readonly text: string }) {
  return (
    <small class="original soft" lang="en">
      {visible(text)}
    </small>
  );
}

function translated(code: string): readonly [string, string] | undefined {
  const { texts } = words.value.proof;
  return Object.hasOwn(texts, code) ? texts[code] : undefined;
}
