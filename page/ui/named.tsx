import type { ComponentChildren } from "preact";

/** A number that bears the title of its column where a narrow list has no heads. */
export function Named({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <span class="named" data-title={title}>
      {children}
    </span>
  );
}
