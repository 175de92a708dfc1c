import { screensHere } from "../net/about.ts";
import { live } from "../net/live.ts";
import { hrefOf, route, type Screen } from "../route.ts";
import { chooseLanguage, chooseScheme, LANGUAGES, language, SCHEMES, scheme } from "../settings.ts";
import { numberText, shortNumber } from "../text/number.ts";
import { words } from "../words/words.ts";
import { helpShown } from "./keys.tsx";
import { Status } from "./status.tsx";

const LANGUAGE_NAMES = { en: "English", ja: "日本語" } as const;

export function Header() {
  const { shell } = words.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf("map")}>
        odori
      </a>
      <nav aria-label={shell.menu}>
        <ul class="menu">
          {screensHere().map((screen) => (
            <li key={screen}>
              <MenuLink screen={screen} />
            </li>
          ))}
        </ul>
      </nav>
      <Status />
      <div class="settings">
        <select
          aria-label={shell.language}
          value={language.value}
          onChange={({ currentTarget: { value } }) =>
            chooseLanguage(LANGUAGES.find((one) => one === value) ?? "en")
          }
        >
          {LANGUAGES.map((one) => (
            <option key={one} value={one} lang={one}>
              {LANGUAGE_NAMES[one]}
            </option>
          ))}
        </select>
        <select
          aria-label={shell.scheme}
          value={scheme.value}
          onChange={({ currentTarget: { value } }) =>
            chooseScheme(SCHEMES.find((one) => one === value) ?? "auto")
          }
        >
          {SCHEMES.map((one) => (
            <option key={one} value={one}>
              {shell.schemes[one]}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button plain"
          aria-label={shell.keys}
          title={shell.keys}
          onClick={() => (helpShown.value = true)}
        >
          ?
        </button>
      </div>
    </header>
  );
}

function MenuLink({ screen }: { readonly screen: Screen }) {
  const { totals, proofErrors = 0 } = live.value;
  const counts: Partial<Record<Screen, number>> = {
    parked: totals?.parked ?? 0,
    proof: proofErrors,
  };
  const count = counts[screen] ?? 0;
  const here = route.value.screen === screen;
  return (
    <a href={hrefOf(screen)} aria-current={here ? "page" : undefined}>
      {words.value.screens[screen]}
      {count > 0 && (
        <span class="badge" title={numberText(count)}>
          {shortNumber(count)}
        </span>
      )}
    </a>
  );
}
