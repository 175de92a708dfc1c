import type { JsonSchema } from "../../manifest/manifest.ts";
import { entityIn } from "./entities.ts";
import { type Field, fieldsOf, isKey } from "./fields.ts";
import { isFractionalMoney, onTheEnvelope } from "./misplaced.ts";
import { nameParts } from "./name-parts.ts";
import { isPersonal } from "./personal.ts";
import type { Limits, LintProblem, Subject } from "./rule.ts";

/** Finds payloads that are too large, carry what they should not, or identify nothing. */
export function payloadProblems({ manifest, limits, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  for (const [event, { schema, sensitive, foreign }] of manifest.events) {
    if (schema === undefined) continue;
    const service = graph.emitters.get(event)?.[0]?.service.name;
    const at = { ...(service !== undefined && { service }), event };
    const add = (code: LintProblem["code"], message: string) =>
      problems.push({ code, message, at });
    const fields = fieldsOf(schema);
    const { domain } = nameParts(event);
    for (const fat of [...tooMuch(fields, limits), ...entityIn(fields, domain)])
      add("FAT_PAYLOAD", `${event} ${fat}`);
    for (const field of fields) {
      const name = field.path.join(".");
      if (isPersonal(field.path, field.schema, domain) && !sensitive.includes(name))
        add("PERSONAL_DATA", `${event} seems to carry personal data: "${name}"`);
      const carried = onTheEnvelope(field, domain);
      if (carried !== undefined)
        add("ENVELOPE_FIELD", `${event} repeats "${name}", which its envelope has as ${carried}`);
      if (isFractionalMoney(field))
        add("FLOAT_MONEY", `${event} has money as a number with any fraction: "${name}"`);
    }
    // Documents of others often say no more of a payload than that it is an object.
    const unsaid = foreign && fields.length === 0;
    const keyed = unsaid || fields.some(({ path }) => isOwnKey(path.at(-1) ?? ""));
    if (isObjectSchema(schema) && !keyed)
      add("NO_KEY", `the payload of ${event} has no identifier`);
  }
  return problems;
}

function tooMuch(fields: readonly Field[], limits: Limits): readonly string[] {
  const depth = Math.max(0, ...fields.map(({ path }) => path.length));
  const { fieldsMax, depthMax } = limits;
  return [
    ...(fields.length > fieldsMax
      ? [`has ${fields.length} fields; the limit is ${fieldsMax}`]
      : []),
    ...(depth > depthMax ? [`is ${depth} levels deep; the limit is ${depthMax}`] : []),
  ];
}

/** An identifier of the event, or of its saga, does not say what the event is about. */
function isOwnKey(name: string): boolean {
  return isKey(name) && !/^(saga|correlation|causation)_?id$/i.test(name);
}

function isObjectSchema(schema: JsonSchema): boolean {
  return typeof schema === "object" && schema.type === "object";
}
