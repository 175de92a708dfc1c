import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { aboutProblem, meet } from "../net/about.ts";
import { route, type Screen } from "../route.ts";
import { DevScreen } from "../screens/dev/dev.tsx";
import { EventsScreen } from "../screens/events/events.tsx";
import { MapScreen } from "../screens/map/map-screen.tsx";
import { ParkedScreen } from "../screens/parked/parked-screen.tsx";
import { ProofScreen } from "../screens/proof/proof.tsx";
import { SagaScreen } from "../screens/saga/saga.tsx";
import { SagasScreen } from "../screens/sagas/sagas.tsx";
import { ServicesScreen } from "../screens/services/services.tsx";
import { visible } from "../text/visible.ts";
import { Failed } from "../ui/shown.tsx";
import { words } from "../words/words.ts";
import { Boundary } from "./boundary.tsx";
import { Header } from "./header.tsx";
import { intoList } from "./into-list.ts";
import { Jobs } from "./jobs.tsx";
import { keepFocus } from "./keep-focus.ts";
import { KeysHelp } from "./keys.tsx";
import { Warnings } from "./status.tsx";

const VIEWS: Readonly<Record<Screen, ComponentType>> = {
  map: MapScreen,
  sagas: () => (route.value.open === undefined ? <SagasScreen /> : <SagaScreen />),
  parked: ParkedScreen,
  services: ServicesScreen,
  proof: ProofScreen,
  events: EventsScreen,
  dev: DevScreen,
};

export function App() {
  const { screen, open } = route.value;
  const main = useRef<HTMLElement>(null);
  const place = `${screen}/${screen === "sagas" ? (open ?? "") : ""}`;
  const { screens, shell } = words.value;
  const before = useRef(place);
  useEffect(() => {
    const named = screen === "sagas" && open !== undefined ? `${visible(open)} · ` : "";
    document.title = `${named}${screens[screen]} · odori`;
  }, [screen, open, screens]);
  useEffect(() => {
    // A person who cannot see the page hears where a link has led.
    if (before.current !== place) main.current?.focus({ preventScroll: true });
    before.current = place;
  }, [place]);
  useEffect(() => (main.current === null ? undefined : keepFocus(main.current)), []);
  const View = VIEWS[screen];
  return (
    <>
      <a class="skip" href="#main">
        {shell.skip}
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1} class={`screen ${screen}`} onKeyDown={intoList}>
        <Access />
        <Warnings />
        <Boundary key={place}>
          <View />
        </Boundary>
      </main>
      <Jobs />
      <KeysHelp />
    </>
  );
}

/** Without the token of the address nothing can be shown, and each screen would say so. */
function Access() {
  const problem = aboutProblem.value;
  const { shell } = words.value;
  if (problem === undefined) return null;
  if (problem.status !== 401 && problem.status !== 403)
    return <Failed problem={problem} again={meet} />;
  return (
    <div class="notice bad" role="alert">
      <strong>{shell.refused}</strong>
      <p>{shell.refusedMore}</p>
    </div>
  );
}
