/** From the head of a screen, or from its filter, an arrow leads into its list. */
export function intoList(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const { target, currentTarget, key, altKey, ctrlKey, metaKey } = event;
  if (key !== "ArrowDown" || altKey || ctrlKey || metaKey) return;
  const isSearch = target instanceof Element && target.matches("[data-search]");
  if (target !== currentTarget && !isSearch) return;
  const row = currentTarget.querySelector<HTMLElement>('.list [data-row] [tabindex="0"]');
  if (row === null) return;
  event.preventDefault();
  row.focus();
}
