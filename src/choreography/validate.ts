import { OdoriError } from "../contract/errors.ts";
import { type EventContract, isContract } from "../contract/event.ts";
import { quote, stemOf } from "../contract/grammar.ts";
import { typesHeard } from "../contract/lineage.ts";
import { type Named, RESERVED, storedName } from "../contract/names.ts";
import type {
  DeadlineDeclaration,
  OutcomeList,
  ReactionDeclaration,
  ServiceDeclaration,
} from "./declaration.ts";
import { effectCandidates } from "./effects.ts";

type Declared = Pick<ServiceDeclaration<never>, "name" | "begins" | "reactions" | "deadlines">;

/** Reaction names are stored with every delivery and shown on terminals. */
const NAME = /^[a-z0-9][a-z0-9_.+| -]{0,255}$/;
/** The mark of a keyed effect is its name, a space and the key. */
const EFFECT_NAME = /^[a-z0-9][a-z0-9_.-]{0,127}$/;

export function checkBegins(service: Declared, contract: EventContract): void {
  checkContracts(service, "begins", [contract]);
  if (service.begins.includes(contract))
    throw invalid(service, `begins with ${contract.type} twice`, "Declare it once.");
}

export function checkReaction(service: Declared, reaction: ReactionDeclaration<never>): void {
  const where = `${reaction.kind} ${quote(reaction.name)}`;
  checkContracts(service, where, reaction.hears);
  checkName(service, reaction);
  checkEffectName(service, where, reaction);
  checkOutcomes(service, where, reaction);
  checkLate(service, where, reaction);
  if (reaction.kind === "join" && reaction.hears.length < 2)
    throw invalid(service, `${where} waits for fewer than two events`, "Use on().");
  if (reaction.kind === "join") checkOptional(service, where, reaction);
  if (reaction.kind === "undo") checkUndo(service, reaction);
}

export function checkDeadline(service: Declared, deadline: DeadlineDeclaration<never>): void {
  checkContracts(service, "deadline()", [deadline.armedBy]);
  const where = `the deadline on ${deadline.armedBy.type}`;
  checkContracts(service, `${where}: unless`, deadline.unless);
  checkContracts(service, `${where}: emits`, [deadline.emits]);
  if (deadline.onParked !== undefined)
    checkContracts(service, `${where}: onParked`, [deadline.onParked.emits]);
  checkName(service, deadline);
  if (deadline.unless.includes(deadline.armedBy)) {
    throw invalid(
      service,
      `${where} is called off by the same event`,
      "Name in unless the events that the service waits for.",
    );
  }
}

function checkUndo(service: Declared, undo: ReactionDeclaration<never> & { kind: "undo" }): void {
  const steps = service.reactions.filter(
    (reaction) => reaction.kind !== "undo" && mayLeave(reaction, undo.effect),
  );
  if (!effectCandidates(service).has(undo.effect)) {
    const readonly = steps.length > 0;
    throw new OdoriError(
      "UNKNOWN_EFFECT",
      `${service.name} has no effect ${quote(undo.effect)} to undo.`,
      {
        hint: readonly
          ? "The reaction that emits it is declared readonly."
          : "Declare first the event with which this service begins or that it emits on success. " +
            "A failure leaves no effect.",
      },
    );
  }
  checkOneUndo(service, undo);
  const keyed = steps.some((step) => step.kind === "step" && step.key !== undefined);
  if (keyed !== (undo.key !== undefined)) {
    throw invalid(
      service,
      `the undo of ${undo.effect} and its step do not agree about key`,
      "Give key to both, or to neither.",
    );
  }
}

function checkOptional(
  service: Declared,
  where: string,
  { hears, optional }: ReactionDeclaration<never> & { kind: "join" },
): void {
  const stray = optional.find((contract) => !hears.includes(contract));
  if (stray !== undefined)
    throw invalid(
      service,
      `${where} has ${quote(stray?.type)} in optional, which it does not join`,
      "Name it among the events of the join too.",
    );
  if (hears.every((contract) => optional.includes(contract)))
    throw invalid(service, `${where} waits for no event`, "Leave one event out of optional.");
}

/** Whether an effect of this name may follow from a step or a join. */
function mayLeave(
  reaction: ReactionDeclaration<never> & { kind: "step" | "join" },
  effect: string,
): boolean {
  if (reaction.effect !== undefined && !reaction.readonly) return reaction.effect.name === effect;
  return reaction.emits.flat().some(({ type }) => stemOf(type) === effect);
}

/** An outcome leaves one effect, so the second of two undos for it would find nothing to undo. */
function checkOneUndo(
  service: Declared,
  undo: ReactionDeclaration<never> & { kind: "undo" },
): void {
  const others = service.reactions.flatMap((other) =>
    other.kind === "undo" && other.effect !== undo.effect ? [other.effect] : [],
  );
  for (const step of service.reactions) {
    if (step.kind === "undo" || step.readonly || step.effect !== undefined) continue;
    for (const outcome of step.emits) {
      const stems = outcome.map(({ type }) => stemOf(type));
      const other = others.find((effect) => stems.includes(effect));
      if (other === undefined || !stems.includes(undo.effect)) continue;
      throw invalid(
        service,
        `${other} and ${undo.effect} are one effect, since one outcome emits both`,
        "Undo both in one handler, or let two reactions do them.",
      );
    }
  }
}

function checkEffectName(
  service: Declared,
  where: string,
  reaction: ReactionDeclaration<never>,
): void {
  const effect = reaction.kind === "undo" ? undefined : reaction.effect;
  if (effect === undefined) return;
  const refused = [effect.name, ...effect.was].find(
    (name) => !EFFECT_NAME.test(name) || RESERVED.includes(name),
  );
  if (refused !== undefined)
    throw invalid(
      service,
      `${where} names its effect ${quote(refused)}`,
      `Use lower-case letters, digits and . _ - without spaces, and not ${RESERVED.join(", ")}.`,
    );
}

function checkOutcomes(
  service: Declared,
  where: string,
  reaction: ReactionDeclaration<never>,
): void {
  const all = [...reaction.emits, ...reaction.fails, ...(reaction.late?.emits ?? [])].flat();
  const contracts = reaction.onParked === undefined ? all : [...all, reaction.onParked.emits];
  for (const contract of contracts) checkContract(service, `${where}: emits`, contract);
  const seen = new Set<string>();
  for (const outcome of [...reaction.emits, ...reaction.fails]) {
    const key = outcomeKey(outcome);
    if (seen.has(key))
      throw invalid(
        service,
        `${where} declares the outcome [${key}] twice`,
        "An outcome is a success or a failure, once.",
      );
    seen.add(key);
  }
  if (reaction.fails.some((outcome) => outcome.length === 0)) {
    throw invalid(
      service,
      `${where} has a silent failure`,
      "A failure is an event that others hear: name it.",
    );
  }
}

function checkLate(
  service: Declared,
  where: string,
  { firstOf, max, late }: ReactionDeclaration<never>,
): void {
  if (late !== undefined && firstOf === undefined && max === undefined) {
    throw invalid(
      service,
      `${where} declares late, but neither firstOf nor max`,
      "Say what makes it late.",
    );
  }
  if (max !== undefined && !(Number.isSafeInteger(max) && max >= 1)) {
    throw invalid(service, `${where} has max ${quote(max)}`, "It is a whole number from 1.");
  }
  const refused = firstOf && [firstOf.name, ...firstOf.was].find((name) => !NAME.test(name));
  if (refused !== undefined)
    throw invalid(
      service,
      `${where} has firstOf ${quote(refused)}`,
      "Use a plain lower-case name.",
    );
}

/** Returns the identity of an outcome: its event types in order. */
export function outcomeKey(outcome: OutcomeList): string {
  return outcome.map(({ type }) => type).join(", ");
}

function checkName(service: Declared, part: Named): void {
  const { name, was } = part;
  const refused = [name, ...was].find((one) => !NAME.test(one));
  if (refused !== undefined)
    throw invalid(
      service,
      `the name ${quote(refused)} cannot be used`,
      "Use lower-case letters, digits and . _ -",
    );
  const parts: readonly Named[] = [...service.reactions, ...service.deadlines];
  const stored = storedName(part);
  if (parts.some((other) => other.name === name || storedName(other) === stored)) {
    throw new OdoriError(
      "REACTION_NAME_TAKEN",
      `${service.name} has two reactions named ${quote(name)}.`,
      {
        hint:
          "Give one of them a name of its own: { name: … }. " +
          "Keep the name: it is part of the inbox key.",
      },
    );
  }
}

function checkContracts(
  service: Declared,
  where: string,
  contracts: readonly EventContract[],
): void {
  if (!Array.isArray(contracts) || contracts.length === 0)
    throw invalid(service, `${where} names no event`, "Name at least one.");
  for (const contract of contracts) checkContract(service, where, contract);
  const types = contracts.flatMap(typesHeard);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined)
    throw invalid(
      service,
      `${where} names ${twice} twice`,
      "Name each event once, and not beside a newer version that reads it.",
    );
}

function checkContract(service: Declared, where: string, contract: EventContract): void {
  if (!isContract(contract))
    throw invalid(
      service,
      `${where} names ${quote(contract)}, which is not an event`,
      "Pass what event() returned.",
    );
}

function invalid(service: Declared, what: string, hint: string): OdoriError {
  return new OdoriError("DECLARATION_INVALID", `In service ${service.name}, ${what}.`, { hint });
}
