import type { HttpOptions } from "odori/http";
import { flowGraph, manifestOf } from "odori/manifest";
import choreography from "./choreography.ts";

/** The first port; each service has the next one. */
const PORT = Number(process.env.ORDER_HTTP ?? 4711);
/** Known to all services here. In production each pair of services has a secret of its own. */
const SECRET = process.env.ORDER_HTTP_SECRET ?? "whsec_b25seSBmb3IgdGhlIG9yZGVyIGV4YW1wbGU=";

/**
 * How a service of the order saga sends and receives over HTTP: each type goes to the services that
 * hear it, as the choreography declares.
 */
export function httpOptionsOf(service: string): HttpOptions {
  const names = choreography.services.map(({ name }) => name);
  const { types, hearers } = flowGraph(manifestOf(choreography));
  const hearersOf = (type: string) =>
    (hearers.get(type) ?? []).map((hearing) => hearing.service.name);
  const port = PORT + names.indexOf(service);
  return {
    subscribers: names.map((name, i) => ({
      url: `http://127.0.0.1:${PORT + i}/`,
      hears: types.filter((type) => hearersOf(type).includes(name)),
      mode: "batch",
      secrets: [SECRET],
    })),
    unheard: types.filter((type) => hearersOf(type).length === 0),
    receive: { secrets: [SECRET], listen: { port } },
  };
}
