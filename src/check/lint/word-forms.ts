import { wordSet } from "./word-set.ts";

/*
 * The words of event names. Names are short and their words are those of a trade, so lists decide
 * better than a language model: the tagger that was tried read `charge_customer` as a noun and
 * `hold_released` as an order.
 */

/**
 * Verbs that start a command. Verbs with the same form in the past ("set", "put", "split") are
 * left out.
 */
export const VERBS = wordSet(`
  abort accept acquire activate add adjust adopt allocate alert announce apply approve archive
  arrange ask assign attach authenticate authorise authorize begin bill block book bring
  broadcast build buy calculate call cancel capture change charge check choose claim clear
  close collect commit compensate complete compute confirm consume convert copy create credit
  deactivate deal debit decline decrease decrement deduct delete deliver deny deposit detect
  determine disable dispatch do draw drop emit enable enqueue ensure enter escalate evaluate
  execute expire extend fail fetch find finish fix forward fulfil fulfill generate get give go
  grant handle hold import increase increment inform initialize initiate insert inspect
  install invoice issue keep launch load lock log lookup make mark merge modify move notify
  obtain offer open order pack pause pay perform persist pick place prepare print proceed
  process provide provision publish pull purchase push query queue react receive reclaim
  record recover redeem reduce refresh refund register reimburse reject release remind remove
  renew repay replace reply report repurchase request reschedule reserve resolve restock
  restore resume retrieve retry return revert review revise revoke roll rollback run save scan
  schedule select sell send settle ship show sign start stop store submit subscribe suspend
  sync synchronize take tell terminate test track transfer trigger undo unlock unreserve
  unsubscribe upgrade upload upsert use validate verify void wait warn withdraw write
`);

const PAST_IRREGULAR = wordSet(`
  sent paid sold made lost kept met set put split begun begun done held left found built
  bought brought caught told taken given broken chosen gone withdrawn written rewritten drawn
  driven spoken frozen stolen risen fallen hidden forgotten known shown thrown grown worn won
  spent lent dealt felt read reset shut quit cut hit cast spread beaten bid ran undone redone
  overdrawn overdue repaid resold resent rebuilt understood laid led fed rung sung stuck
  struck swept taught thought torn bound ground wound came went took gave broke chose began
  fell rose flew flown froze
`);
/** Words that end as past forms do, and are none. */
const NOT_PAST = wordSet(`
  bed breed embed exceed feed greed hundred indeed need proceed red sacred seed shed speed
  succeed weed
`);
/** Words for a state that a fact may leave behind: `stock_low`, `parcel_ready`. */
const STATES = wordSet(`
  available away back closed down due empty exhausted full idle inactive insufficient invalid
  late low missing nearby off offline online open out over overdue pending ready requires
  short stale through unavailable unreachable up valid
`);
/** With one of them in front, the rest says how something stands: `on_hold`, `no_show`. */
const PREPOSITIONS = wordSet("at in no not off on out over past under");

/** Tells whether a word is a past form. */
export function isPast(word: string): boolean {
  return PAST_IRREGULAR.has(word) || (/..ed$/.test(word) && !NOT_PAST.has(word));
}

/** Tells whether the words say what happened, or how something stands since. */
export function saysWhatHappened(words: readonly string[]): boolean {
  return words.some((word) => isPast(word) || STATES.has(word)) || PREPOSITIONS.has(words[0] ?? "");
}

/** Words in -ing that name a thing, or a state. */
const ING_NOUNS = wordSet(`
  banking billing booking building catering ceiling cleaning clothing drawing evening existing
  filing funding greeting hearing hiring hosting housing incoming invoicing king landing
  listing mailing marketing meeting missing morning offering onboarding outgoing outstanding
  packaging painting parking pending pricing rating reading recording remaining ring rounding
  screening setting shipping spring staffing streaming string testing thing ticketing training
  upcoming warning wedding wing
`);

/** Tells whether a word is a progressive form: `authorizing`. */
export function isProgressive(word: string): boolean {
  return word.length > 4 && word.endsWith("ing") && !ING_NOUNS.has(word);
}

/** Past forms of verbs that are not regular, for a proposal. */
const PAST_OF: ReadonlyMap<string, string> = new Map(
  `begin begun|bring brought|build built|buy bought|choose chosen|deal dealt|do done|draw drawn
  |find found|get got|give given|go gone|hold held|keep kept|make made|pay paid|repay repaid
  |sell sold|send sent|take taken|tell told|undo undone|withdraw withdrawn|write written
  |ship shipped|stop stopped|submit submitted|commit committed|cancel cancelled|transfer transferred
  |refer referred|drop dropped|debit debited|deposit deposited|run run|fulfil fulfilled|log logged
  |rollback rolled_back`
    .split("|")
    .map((pair) => pair.trim().split(" "))
    .map(([verb = "", past = ""]) => [verb, past]),
);

/** Returns the past form of a verb: `authorized`. */
export function pastOf(verb: string): string {
  const irregular = PAST_OF.get(verb);
  if (irregular !== undefined) return irregular;
  if (verb.endsWith("e")) return `${verb}d`;
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${verb}ed`;
}

/** The facts behind nouns that are not regular, for a proposal. */
const FACT_OF: ReadonlyMap<string, string> = new Map(
  `approval approved|arrival arrived|cancellation cancelled|completion completed|confirmation
  confirmed|creation created|delivery delivered|dispatch dispatched|expiration expired|expiry
  expired|failure failed|loss lost|payment paid|receipt received|refusal refused|rejection
  rejected|reservation reserved|authorization authorized|authorisation authorised|renewal
  renewed|return returned|sale sold|settlement settled|shipment shipped|submission
  submitted|success succeeded|timeout timed_out|withdrawal withdrawn|allocation
  allocated|registration registered|verification verified|validation validated`
    .split("|")
    .map((pair) => pair.trim().split(/\s+/))
    .map(([noun = "", fact = ""]) => [noun, fact]),
);

/** Tells whether a word names a deed or a result, and not that it happened: `authorization`. */
export function isDeed(word: string): boolean {
  return FACT_OF.has(word) || /..(tion|sion|ment|ance|ence)$/.test(word);
}

/** Returns the fact behind a deed: `authorized`. Undefined where it is not known. */
export function resultOf(deed: string): string | undefined {
  return FACT_OF.get(deed);
}
