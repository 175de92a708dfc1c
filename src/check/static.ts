import type { FlowGraph } from "../manifest/graph.ts";
import { type Manifest, reactionName } from "../manifest/manifest.ts";
import { effectRules, effectsOfService } from "./effects.ts";
import type { Exploration } from "./explore.ts";
import type { Finding } from "./finding.ts";
import type { Model } from "./model.ts";

/** What the declarations contradict by themselves, before anything happens. */
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
        message: `${event} is emitted, and nobody hears it`,
        hint: "Let a service hear it, name it in external if others do, or do not emit it.",
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
    return [
      {
        code: "NEVER_EMITTED",
        severity: "error",
        message: `${first.service.name} ${first.deadline === undefined ? "hears" : "has a deadline about"} ${event}, and nobody emits it`,
        hint: "Let a service emit it, or name it in arrives if it comes from outside.",
        at: { service: first.service.name, event },
      },
    ];
  });
}

function wrongUndos(manifest: Manifest): readonly Finding[] {
  const rules = effectRules(manifest);
  const effects = new Map(
    [...manifest.services.values()].map((service) => [
      service.name,
      effectsOfService(rules, service),
    ]),
  );
  return [...manifest.services.values()].flatMap((service) =>
    service.reactions.flatMap((reaction): readonly Finding[] => {
      const { undoes } = reaction;
      if (undoes === undefined || effects.get(service.name)?.has(undoes)) return [];
      const owner = [...effects].find(([, own]) => own.has(undoes))?.[0];
      const at = { service: service.name, event: undoes, reaction: reactionName(reaction) };
      if (owner === undefined) {
        const message = `${service.name} undoes ${undoes}, which is no effect of its own`;
        const hint =
          "An effect is what a reaction emits when it succeeds, unless it is readonly; or with what a service begins a saga.";
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

/** What a whole exploration never came to. */
export function unreached(
  manifest: Manifest,
  model: Model,
  { ran, fired, succeeded, exhaustive }: Exploration,
): readonly Finding[] {
  // Whatever was not reached may be further on.
  if (!exhaustive) return [];
  if (model.beginnings.length === 0) {
    const message = "no saga can begin: no event is named in begins";
    return [
      {
        code: "NO_SUCCESS",
        severity: "error",
        message,
        hint: "Name it, or check this together with the service that begins.",
        at: {},
      },
    ];
  }
  const findings: Finding[] = [];
  for (const { index, service, entry } of model.reactions) {
    if (ran[index] !== 0) continue;
    const message = `${service.name} can never ${entry.kind === "undo" ? `undo ${entry.undoes}` : `react to ${entry.hears.join(entry.kind === "join" ? " and " : " or ")}`}`;
    const at = {
      service: service.name,
      event: entry.undoes ?? entry.hears[0] ?? "",
      reaction: reactionName(entry),
    };
    findings.push({
      code: "DEAD_REACTION",
      severity: "error",
      message,
      hint: "Take it out, or let what it waits for come.",
      at,
    });
  }
  model.deadlines.forEach(({ service, entry }, index) => {
    if (fired[index] !== 0) return;
    const message = `the deadline of ${service.name} after ${entry.after} can never pass`;
    findings.push({
      code: "DEAD_REACTION",
      severity: "error",
      message,
      hint: "Take it out, or let what arms it come.",
      at: { service: service.name, event: entry.emits },
    });
  });
  if (!succeeded) {
    const [event] = manifest.succeeds;
    const message =
      event === undefined
        ? "no event is named in succeeds, so no saga can succeed"
        : `no saga can succeed: ${manifest.succeeds.join(", ")} cannot be reached`;
    findings.push({
      code: "NO_SUCCESS",
      severity: "error",
      message,
      hint: "Name in succeeds what the last service emits.",
      at: event === undefined ? {} : { event },
    });
  }
  return findings;
}
