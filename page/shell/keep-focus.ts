/**
 * What had the focus may be taken away, such as the button of what was parked: then the screen gets
 * it, so that a person at the keyboard goes on from there and not from the top of the page.
 */
export function keepFocus(main: HTMLElement): () => void {
  let last: Element | undefined;
  const note = ({ target }: FocusEvent) => {
    last = target instanceof Element ? target : undefined;
  };
  // Who has left it on purpose has left it while it was there.
  const leave = ({ target }: FocusEvent) =>
    queueMicrotask(() => {
      const isThere = target instanceof Element && target.isConnected;
      if (isThere && target === last && document.activeElement === document.body) last = undefined;
    });
  const observer = new MutationObserver(() => {
    if (last === undefined || last.isConnected || document.activeElement !== document.body) return;
    // Behind an open dialog nothing takes the focus: it has it once the dialog is closed.
    main.focus({ preventScroll: true });
  });
  document.addEventListener("focusin", note);
  document.addEventListener("focusout", leave);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener("focusin", note);
    document.removeEventListener("focusout", leave);
    observer.disconnect();
  };
}
