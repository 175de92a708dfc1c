import type { ComponentChildren } from "preact";
import { refine, route } from "../route.ts";

/** The search of a screen, with what stands beside it. What is sought is in the address. */
export function SearchBar({
  label,
  children,
}: {
  readonly label: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="bar toolbar">
      <input
        class="field grow"
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={route.value.query.find ?? ""}
        onInput={({ currentTarget: { value } }) => refine({ find: value })}
      />
      {children}
    </div>
  );
}
