/**
 * The JSON Schema of a manifest. `manifest.schema.json` at the root of the package is this, written
 * out.
 */

/**
 * Longest name of an event, a service or a reaction: bounded, since names come from files of
 * others.
 */
const NAME_MAX_CHARS = 256;

const type = { $ref: "#/$defs/type" };
const types = { type: "array", items: type, maxItems: 10_000, uniqueItems: true };
const someTypes = { ...types, minItems: 1 };
const outcomes = { type: "array", items: { $ref: "#/$defs/outcome" }, maxItems: 1_000 };
const name = { type: "string", minLength: 1, maxLength: NAME_MAX_CHARS };
const suppress = {
  description: "Findings that are accepted here: code, and the reason.",
  type: "object",
  propertyNames: { pattern: "^[A-Z][A-Z_]*$" },
  additionalProperties: { type: "string", minLength: 1 },
};

/** Extensions of others, kept out of the way. */
const open = { patternProperties: { "^x-": true }, additionalProperties: false };

const eventEntry = {
  type: "object",
  properties: {
    summary: { type: "string" },
    schema: { description: "JSON Schema of the payload.", type: ["object", "boolean"] },
    sensitive: {
      description: "Fields that hold personal data on purpose.",
      type: "array",
      items: { type: "string" },
    },
    suppress,
  },
  ...open,
};

const reaction = {
  type: "object",
  properties: {
    name: {
      ...name,
      description: "Part of the inbox key; needed only where two reactions would have the same.",
    },
    on: { ...someTypes, description: "Hears any one of these." },
    all: { ...types, minItems: 2, description: "A join: hears all of these, once." },
    undoes: { ...type, description: "The effect of the same service that it reverses." },
    emits: {
      ...outcomes,
      description: "Success outcomes: alternatives. An array within goes together.",
    },
    fails: { ...outcomes, description: "Failure outcomes: no effect is left behind." },
    once: {
      ...name,
      description: "The first reaction of the service with this name wins for the saga.",
    },
    max: { type: "integer", minimum: 1, description: "How often it may run in one saga." },
    late: { ...outcomes, description: "What it emits when once is taken or max reached." },
    onParked: { ...type, description: "What it emits when a delivery is given up on." },
    readonly: { type: "boolean", description: "It has no effect that would need an undo." },
    keyed: { type: "boolean", description: "A saga may have several effects of this name." },
    onEmpty: {
      enum: ["ack", "silent"],
      description: "Whether an undo with nothing to undo emits its first event.",
    },
    suppress,
  },
  ...open,
};

const deadline = {
  type: "object",
  required: ["after", "within", "emits"],
  properties: {
    name,
    after: { ...type, description: "Arms it, heard or emitted by the service." },
    within: {
      description: 'ISO 8601 ("PT15M"), "15m", or milliseconds.',
      type: ["string", "integer"],
    },
    unless: { ...types, description: "Calls it off, heard or emitted by the service." },
    emits: type,
    suppress,
  },
  ...open,
};

const service = {
  type: "object",
  properties: {
    begins: types,
    reactions: { type: "array", items: { $ref: "#/$defs/reaction" }, maxItems: 10_000 },
    deadlines: { type: "array", items: { $ref: "#/$defs/deadline" }, maxItems: 10_000 },
    inbox: {
      type: "boolean",
      description: "false: it does not recognise a message that comes again.",
    },
    fence: {
      type: "boolean",
      description: "false: it does not know whether an effect is done, undone or barred.",
    },
    mayPark: { type: "boolean", description: "true: explore that it gives up on a delivery." },
    unlinked: { type: "boolean", description: "true: what follows from what is not known." },
    suppress,
  },
  ...open,
};

const lock = {
  type: "object",
  required: ["name", "acquire", "release"],
  properties: { name, acquire: type, release: someTypes },
  ...open,
};

export const manifestSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Odori manifest",
  description:
    "A choreography: what each service hears, does, emits and undoes, and how a saga ends.",
  type: "object",
  required: ["odori", "name", "services"],
  properties: {
    $schema: { type: "string" },
    odori: { description: "Version of this format.", const: 1 },
    name,
    begins: { ...types, description: "Events with which a saga begins." },
    succeeds: { ...types, description: "A saga that emitted one of these has succeeded." },
    fails: {
      ...types,
      description: "A saga that emitted one of these has failed, with all effects undone.",
    },
    external: { ...types, description: "Known outside too." },
    arrives: {
      ...types,
      description: "May come from outside once, at any moment after the saga began.",
    },
    events: {
      type: "object",
      propertyNames: type,
      additionalProperties: { $ref: "#/$defs/event" },
    },
    services: {
      type: "object",
      propertyNames: name,
      additionalProperties: { $ref: "#/$defs/service" },
    },
    pivots: { ...types, description: "After one of these the saga must not turn back." },
    undoOrder: {
      description: "The first of a pair must not be undone while the second is still done.",
      type: "array",
      items: { type: "array", items: type, minItems: 2, maxItems: 2, uniqueItems: true },
    },
    oneOf: {
      description: "On success exactly one effect of each group is kept.",
      type: "array",
      items: { ...types, minItems: 2 },
    },
    locks: { type: "array", items: lock },
    suppress,
  },
  ...open,
  $defs: {
    type: { description: "An event type: <domain>.<fact>.v<N>.", ...name },
    outcome: {
      description: "An event, or several emitted together; [] is silence.",
      anyOf: [type, types],
    },
    event: eventEntry,
    reaction,
    deadline,
    service,
  },
};
