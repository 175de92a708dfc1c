import type { LintCode } from "../finding.ts";
import type { Rule } from "./rule.ts";

/** Lists the lint rules with their reasons. A rule is an error if the runtime refuses the same. */
export const RULES: readonly Rule[] = [
  rule(
    "NAME_GRAMMAR",
    "error",
    "With one grammar, every event has exactly one place in the dictionary.",
    "Write <domain>.<fact>.v<N> in lower-case snake_case: payment.authorized.v1.",
  ),
  rule(
    "COMMAND_NAME",
    "warning",
    "An event states what happened. A command couples its sender to its receiver.",
    "Name the fact in the past tense: payment.authorized, not authorize_payment.",
  ),
  rule(
    "UNFINISHED_NAME",
    "warning",
    "An event tells what is over. Work that goes on, or is to come, may still turn out otherwise.",
    "Emit the event when the work is over, and name its result: payment.authorized.",
  ),
  rule(
    "NOT_A_FACT",
    "warning",
    "A noun leaves open whether the thing was begun, done or refused.",
    "Name what happened in the past tense: payment.authorized, not payment.authorization.",
  ),
  rule(
    "VAGUE_NAME",
    "warning",
    "A name that fits every event tells the reader nothing.",
    "Name what happened: order.address_corrected, not order.changed.",
  ),
  rule(
    "TECHNICAL_NAME",
    "warning",
    "Tables and screens change with the code. Other services care for the business.",
    "Name what happened in the business: payment.settled, not payment.row_inserted.",
  ),
  rule(
    "TWO_FACTS",
    "warning",
    "With two facts in one event, a consumer of one of them must hear both.",
    "Emit an event for each fact; one outcome may emit several.",
  ),
  rule(
    "REPEATED_DOMAIN",
    "warning",
    "The domain is the first word of the name already.",
    "Drop it from the fact: payment.authorized, not payment.payment_authorized.",
  ),
  rule(
    "NAME_LANGUAGE",
    "warning",
    "Brokers carry names in plain ASCII, and words in other letters have several spellings.",
    "Use an English fact: payment.completed. The summary of the event may be in any language.",
  ),
  rule(
    "SYNONYM",
    "warning",
    "With two names for one fact, consumers must guess which one to hear.",
    "Keep one name, or give each event a summary that says how they differ.",
  ),
  rule(
    "FOREIGN_EMIT",
    "warning",
    "The service that emits an event owns its meaning. An event needs exactly one owner.",
    "Let the owner of the domain emit it, or rename it into the domain of this service.",
  ),
  rule(
    "OUTSIDER",
    "warning",
    "Only the owner of a thing knows what became of it. Another service can only guess.",
    "Let the owner emit the fact in its own domain, and react to that: stock.checked.",
  ),
  rule(
    "PROLIFERATION",
    "warning",
    "Too many event types are hard to follow and to version.",
    "Merge events that always travel together, or split the service.",
  ),
  rule(
    "FAT_PAYLOAD",
    "warning",
    "A payload with whole entities couples every consumer to the producer's tables.",
    "Send keys, and the values that the next step needs.",
  ),
  rule(
    "PERSONAL_DATA",
    "warning",
    "Logs and the databases of all consumers keep copies of every payload.",
    "Send a key instead, or list the field in sensitive if it is meant to travel.",
  ),
  rule(
    "ENVELOPE_FIELD",
    "warning",
    "The envelope carries the ids and the time of every event. A copy of them can disagree.",
    "Remove the field, and read it from the envelope.",
  ),
  rule(
    "FLOAT_MONEY",
    "warning",
    "A number with a fraction cannot hold most amounts of money exactly.",
    "Use a whole number of the smallest unit, such as amountCents, or a string.",
  ),
  rule(
    "NO_KEY",
    "warning",
    "Without an identifier, a consumer cannot tell what the event is about.",
    "Add the identifier of the entity that the event is about.",
  ),
  rule(
    "TOPIC_COLLISION",
    "error",
    "Kafka refuses a topic whose name differs from another one only by dots and underscores.",
    "Rename one of them. Without Kafka the rule may be off.",
  ),
  rule(
    "HANDLER_WITHOUT_DEADLINE",
    "warning",
    "An event from outside may never arrive, and the saga then waits for ever.",
    "Add a deadline that lists the event in unless.",
  ),
];

function rule(code: LintCode, severity: Rule["severity"], reason: string, hint: string): Rule {
  return { code, severity, reason, hint };
}
