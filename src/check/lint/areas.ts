import { wordSet } from "./word-set.ts";

/** A part of a shop, by the words that services, things and deeds of it go by. */
export interface Area {
  readonly domains: ReadonlySet<string>;
  /** What it keeps, as a word of a fact. */
  readonly things: ReadonlySet<string>;
  /** What only it can say of its things. */
  readonly facts: ReadonlySet<string>;
  /** What others ask it to do, as nouns. */
  readonly deeds: ReadonlySet<string>;
}

/** The areas that nearly every first choreography has. */
export const AREAS: readonly Area[] = [
  {
    domains: wordSet("inventory stock stocks warehouse"),
    things: wordSet("inventory stock"),
    facts: wordSet(`
  allocated available checked confirmed counted depleted insufficient out released reserved
  restocked secured short unavailable
`),
    deeds: wordSet("allocation release replenishment reservation restock"),
  },
  {
    domains: wordSet("billing payment payments"),
    things: wordSet("card charge payment refund"),
    facts: wordSet(`
  authorised authorized captured charged checked confirmed declined issued paid refunded
  settled taken verified
`),
    deeds: wordSet(`
  authorisation authorization capture charge payment payout refund settlement
`),
  },
  {
    domains: wordSet("deliveries delivery dispatch logistics shipment shipments shipping"),
    things: wordSet("delivery package parcel shipment shipping"),
    facts: wordSet("arranged delivered dispatched scheduled sent shipped started"),
    deeds: wordSet("delivery dispatch shipment shipping"),
  },
];

/** Returns the area that a domain, or a service, belongs to. */
export function areaOf(domain: string): Area | undefined {
  return AREAS.find(({ domains }) => domains.has(domain.replace(/_?(service|svc)$/, "")));
}
