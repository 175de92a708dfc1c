import { visible } from "../text/visible.ts";

/** A name or an id from outside, as text; letters that run to the left leave its neighbours alone. */
export function Id({ text, class: name = "" }: { readonly text: string; readonly class?: string }) {
  const shown = visible(text);
  return (
    <bdi class={`id ${name}`} title={shown}>
      {shown}
    </bdi>
  );
}
