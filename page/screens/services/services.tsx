import { api } from "../../net/api.ts";
import { useResource } from "../../net/use-resource.ts";
import { hrefOf, route } from "../../route.ts";
import { Empty, Shown } from "../../ui/shown.tsx";
import { words } from "../../words/words.ts";
import { Ledger } from "./ledger.tsx";
import { ServiceDetail } from "./service.tsx";
import { ServiceList } from "./service-list.tsx";

/** Every service, and the account of every event. */
export function ServicesScreen() {
  const { services: w, screens } = words.value;
  const { query } = route.value;
  const ledger = query.view === "ledger";
  return (
    <>
      <h1 class="hidden">{screens.services}</h1>
      <nav class="tabs" aria-label={screens.services}>
        <a href={hrefOf("services")} aria-current={ledger ? undefined : "true"}>
          {screens.services}
        </a>
        <a
          href={hrefOf("services", undefined, { view: "ledger" })}
          aria-current={ledger ? "true" : undefined}
        >
          {w.ledger}
        </a>
      </nav>
      {ledger ? <Ledger /> : <Services />}
    </>
  );
}

function Services() {
  const asked = useResource("services", (signal) => api.services(signal));
  const { services: w } = words.value;
  return (
    <Shown asked={asked}>
      {({ services }) => {
        if (services.length === 0) return <Empty title={w.none} />;
        const { open } = route.value;
        const shown = services.find(({ name }) => name === open) ?? services[0];
        return (
          <>
            <ServiceList services={services} open={shown?.name} />
            {shown !== undefined && <ServiceDetail service={shown} />}
          </>
        );
      }}
    </Shown>
  );
}
