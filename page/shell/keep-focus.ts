/**
 * What had the focus may be taken away, such as the button of what was parked: then the screen gets
 * it, so that a person at the keyboard goes on from there and not from the top of the page.
 */
export function keepFocus(main: HTMLElement): () => void {
  let last: Element | undefined;
  const note = ({ target }: FocusEvent) => {
    last = target instanceof Element ? target : undefined;
  };
  const observer = new MutationObserver(() => {
    if (last === undefined || last.isConnected || document.activeElement !== document.body) return;
    last = undefined;
    main.focus({ preventScroll: true });
  });
  document.addEventListener("focusin", note);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener("focusin", note);
    observer.disconnect();
  };
}
