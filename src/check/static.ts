import { EffectNames } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import type { FlowGraph } from "../manifest/graph.ts";
import { type Manifest, reactionName, type ServiceEntry } from "../manifest/manifest.ts";
import type { Exploration } from "./explore.ts";
import type { Finding } from "./finding.ts";
import type { Model } from "./model.ts";

/** Returns the findings that need no exploration: unheard, never emitted, wrong undos. */
export function staticFindings(manifest: Manifest, graph: FlowGraph): readonly Finding[] {
  return [...unheard(manifest, graph), ...neverEmitted(manifest, graph), ...wrongUndos(manifest)];
}

function unheard(
  { succeeds, fails, external, begins }: Manifest,
  { emitters, hearers }: FlowGraph,
): readonly Finding[] {
  const known = new Set([...succeeds, ...fails, ...external]);
  return [...new Set([...begins, ...emitters.keys()])]
    .filter((type) => !hearers.has(type) && !known.has(type))
    .map((event) => {
      const service = emitters.get(event)?.[0]?.service.name;
      return {
        code: "UNHEARD",
        severity: "error",
        message: `${event} is emitted, but no service hears it`,
        hint: "Let a service hear it, list it in external if others hear it, or stop emitting it.",
        at: { ...(service !== undefined && { service }), event },
      };
    });
}

function neverEmitted(
  { begins, external, arrives }: Manifest,
  { emitters, hearers }: FlowGraph,
): readonly Finding[] {
  const known = new Set([...begins, ...external, ...arrives]);
  return [...hearers].flatMap(([event, [first]]) => {
    if (emitters.has(event) || known.has(event) || first === undefined) return [];
    const verb = first.deadline === undefined ? "hears" : "has a deadline about";
    return [
      {
        code: "NEVER_EMITTED",
        severity: "error",
        message: `${first.service.name} ${verb} ${event}, but no service emits it`,
        hint: "Let a service emit it, or list it in arrives if it comes from outside.",
        at: { service: first.service.name, event },
      },
    ];
  });
}

function wrongUndos(manifest: Manifest): readonly Finding[] {
  const effects = new Map(
    [...manifest.services.values()].map((service) => [
      service.name,
      new EffectNames(service).all(),
    ]),
  );
  return [...manifest.services.values()].flatMap((service) =>
    service.reactions.flatMap((reaction): readonly Finding[] => {
      const { undoes } = reaction;
      if (undoes === undefined || effects.get(service.name)?.has(undoes)) return [];
      const other = sharedEffect(service, undoes);
      if (other !== undefined) {
        const message = `${undoes} and ${other} are one effect, since one outcome emits both`;
        const at = { service: service.name, event: undoes, reaction: reactionName(reaction) };
        const hint = "Undo both in one reaction, or let two reactions do them.";
        return [{ code: "UNKNOWN_EFFECT", severity: "error", message, hint, at }];
      }
      const owner = [...effects].find(([, own]) => own.has(undoes))?.[0];
      const at = { service: service.name, event: undoes, reaction: reactionName(reaction) };
      if (owner === undefined) {
        const message = `${service.name} undoes ${undoes}, which is not an effect of its own`;
        const hint =
          "Name an effect: the success event of a reaction that is not readonly, " +
          "or an event with which this service begins sagas.";
        return [{ code: "UNKNOWN_EFFECT", severity: "error", message, hint, at }];
      }
      const message = `${service.name} undoes ${undoes}, which is an effect of ${owner}`;
      return [
        {
          code: "FOREIGN_UNDO",
          severity: "error",
          message,
          hint: `Let ${owner} undo it: each service undoes its own part.`,
          at,
        },
      ];
    }),
  );
}

/** The effect of an outcome with this event that is named by another one. */
function sharedEffect(service: ServiceEntry, undoes: string): string | undefined {
  const names = new EffectNames(service);
  for (const reaction of service.reactions) {
    const effects = names.of(reaction);
    const place = reaction.emits.findIndex((outcome) => outcome.map(stemOf).includes(undoes));
    const effect = effects[place];
    if (effect !== undefined && effect !== undoes) return effect;
  }
  return undefined;
}

/**
 * Returns the reactions and deadlines that an exhaustive exploration never ran, and `NO_SUCCESS` if
 * no saga succeeded.
 */
export function unreached(
  manifest: Manifest,
  model: Model,
  { ran, fired, succeeded, exhaustive }: Exploration,
): readonly Finding[] {
  // In a partial exploration, the rest may still be reachable.
  if (!exhaustive) return [];
  if (model.beginnings.length === 0) {
    const message = "no saga can begin: begins is empty";
    return [
      {
        code: "NO_SUCCESS",
        severity: "error",
        message,
        hint: "List an event in begins, or check this together with the service that begins.",
        at: {},
      },
    ];
  }
  const findings: Finding[] = [];
  for (const { index, service, entry } of model.reactions) {
    if (ran[index] !== 0) continue;
    const heard = entry.hears.join(entry.kind === "join" ? " and " : " or ");
    const action = entry.kind === "undo" ? `undo ${entry.undoes}` : `react to ${heard}`;
    const message = `${service.name} can never ${action}`;
    const at = {
      service: service.name,
      event: entry.undoes ?? entry.hears[0] ?? "",
      reaction: reactionName(entry),
    };
    findings.push({
      code: "DEAD_REACTION",
      severity: "error",
      message,
      hint: "Remove it, or let a service emit the events that it waits for.",
      at,
    });
  }
  model.deadlines.forEach(({ service, entry }, index) => {
    if (fired[index] !== 0) return;
    const message = `the deadline of ${service.name} after ${entry.after} can never fire`;
    findings.push({
      code: "DEAD_REACTION",
      severity: "error",
      message,
      hint: "Remove it, or let a service emit the event that arms it.",
      at: { service: service.name, event: entry.emits },
    });
  });
  if (!succeeded) {
    const [event] = manifest.succeeds;
    const message =
      event === undefined
        ? "no saga can succeed: succeeds is empty"
        : `no saga can succeed: ${manifest.succeeds.join(", ")} cannot be reached`;
    findings.push({
      code: "NO_SUCCESS",
      severity: "error",
      message,
      hint: "List in succeeds the event that the last service emits.",
      at: event === undefined ? {} : { event },
    });
  }
  return findings;
}
