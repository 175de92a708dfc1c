import { Ajv2020 } from "ajv/dist/2020.js";
import type { Duration } from "../contract/duration.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { LintCode } from "./finding.ts";
import type { RuleSeverity } from "./lint/lint.ts";
import type { Limits } from "./lint/rule.ts";
import { RULES } from "./lint/rules.ts";

/** Configures `odori check` for a project, in `odori.config.json`. */
export interface CheckConfig {
  readonly rules?: Partial<Readonly<Record<LintCode, RuleSeverity>>>;
  readonly limits?: Partial<Limits>;
  readonly statesMax?: number;
  /** For how long services remember a saga of which they hear nothing: `"60d"`. */
  readonly retention?: Duration;
}

const CODES = RULES.map(({ code }) => code);
const SEVERITIES: readonly RuleSeverity[] = ["off", "warning", "error"];

const schema = {
  type: "object",
  properties: {
    $schema: { type: "string" },
    rules: {
      type: "object",
      propertyNames: { enum: CODES },
      additionalProperties: { enum: SEVERITIES },
    },
    limits: {
      type: "object",
      properties: {
        fieldsMax: { type: "integer", minimum: 1 },
        depthMax: { type: "integer", minimum: 1 },
        typesPerReactionMax: { type: "number", exclusiveMinimum: 0 },
      },
      additionalProperties: false,
    },
    statesMax: { type: "integer", minimum: 1 },
    retention: { type: ["string", "integer"] },
    // For commands that read databases, which validate them.
    stores: { type: "object" },
    manifest: { type: "string" },
    choreography: { type: "string" },
  },
  additionalProperties: false,
};

/**
 * Validates a parsed document as a configuration. Throws `CONFIG_INVALID`.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { toConfig } from "odori/check";
 *
 * const file = "odori.config.json";
 * const { rules, limits } = toConfig(JSON.parse(readFileSync(file, "utf8")), file);
 * ```
 */
export function toConfig(value: unknown, file: string): CheckConfig {
  const validate = new Ajv2020({ strict: false }).compile<CheckConfig>(schema);
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  const where =
    error?.instancePath === undefined || error.instancePath === ""
      ? ""
      : ` at ${error.instancePath.slice(1).replaceAll("/", ".")}`;
  const allowed =
    error?.params.allowedValues === undefined
      ? ""
      : ` (${[error.params.allowedValues].flat().join(", ")})`;
  const named = validate.errors?.find(
    ({ params }) => params.additionalProperty !== undefined || params.propertyName !== undefined,
  );
  const extra = named?.params.additionalProperty ?? named?.params.propertyName;
  const which = extra === undefined ? "" : `: ${quote(extra)}`;
  const problem = `${error?.message ?? "it does not match the schema"}${allowed}${which}`;
  throw new OdoriError(
    "CONFIG_INVALID",
    `The configuration ${quote(file)} is not valid${where}: ${problem}.`,
    {
      hint:
        "Use the keys rules (code to off, warning or error), limits, statesMax, retention, " +
        "stores, and choreography or manifest.",
    },
  );
}

/** Parses a flag such as `FAT_PAYLOAD=off`. Throws `CONFIG_INVALID`. */
export function parseRule(text: string): readonly [LintCode, RuleSeverity] {
  const [left, right] = text.split("=");
  const code = CODES.find((known) => known === left);
  const severity = SEVERITIES.find((known) => known === right);
  if (code !== undefined && severity !== undefined) return [code, severity];
  throw new OdoriError("CONFIG_INVALID", `${quote(text)} does not set a lint rule.`, {
    hint: `Write CODE=off, CODE=warning or CODE=error; the codes are ${CODES.join(", ")}.`,
  });
}
