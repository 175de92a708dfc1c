import { signal } from "@preact/signals";
import { screensHere } from "../net/about.ts";
import { go, hrefOf, route } from "../route.ts";
import { Dialog } from "../ui/dialog.tsx";
import { words } from "../words/words.ts";

export const helpShown = signal(false);

function inField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, textarea, select");
}

function isSagaShown(): boolean {
  const { screen, open } = route.value;
  return screen === "sagas" && open !== undefined;
}

/** Shortcuts of one key, which are off in a field and while a dialog is open. */
export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (inField(event.target) || document.querySelector("dialog[open]") !== null) return;
    const screen = screensHere()[Number(event.key) - 1];
    if (screen !== undefined) go(hrefOf(screen));
    else if (event.key === "?") helpShown.value = true;
    else if (event.key === "Escape" && !event.repeat && isSagaShown())
      go(route.value.list ?? hrefOf("sagas"));
    else if (event.key === "/") document.querySelector<HTMLElement>("[data-search]")?.focus();
    else return;
    event.preventDefault();
  });
}

const KEYS = [
  ["/", "search"],
  ["screens", "screens"],
  ["↑ ↓ ← →", "rows"],
  ["Home End", "ends"],
  ["Enter", "open"],
  ["Space", "choose"],
  ["+ − 0", "zoom"],
  ["Esc", "close"],
  ["?", "help"],
] as const;

export function KeysHelp() {
  if (!helpShown.value) return null;
  const { keys } = words.value;
  return (
    <Dialog title={keys.title} onClose={() => (helpShown.value = false)}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              {(key === "screens" ? `1–${screensHere().length}` : key).split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{keys[what]}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
