/** Longest name of an event, a service or a reaction, because names come from untrusted files. */
const NAME_MAX_CHARS = 256;

const type = { $ref: "#/$defs/type" };
const types = { type: "array", items: type, maxItems: 10_000, uniqueItems: true };
const someTypes = { ...types, minItems: 1 };
const outcomes = { type: "array", items: { $ref: "#/$defs/outcome" }, maxItems: 1_000 };
const name = { type: "string", minLength: 1, maxLength: NAME_MAX_CHARS };
const was = {
  description: "Names that it had before, oldest first. The database keeps the oldest.",
  type: "array",
  items: name,
  maxItems: 100,
};
const lineage = { type: "object", propertyNames: type, additionalProperties: someTypes };
const suppress = {
  description: "Codes of findings that are accepted here, each with a reason.",
  type: "object",
  propertyNames: { pattern: "^[A-Z][A-Z_]*$" },
  additionalProperties: { type: "string", minLength: 1 },
};

/** Admits extensions, whose keys start with `x-`. */
const open = { patternProperties: { "^x-": true }, additionalProperties: false };

const eventEntry = {
  type: "object",
  properties: {
    summary: { description: "One sentence about the event.", type: "string" },
    schema: { description: "JSON Schema of the payload.", type: ["object", "boolean"] },
    sensitive: {
      description: "Fields of the payload that are meant to carry personal data.",
      type: "array",
      items: { type: "string" },
    },
    suppress,
  },
  ...open,
};

const reactionEntry = {
  type: "object",
  properties: {
    name: {
      ...name,
      description: "Name in the inbox key. The default is the event that it hears.",
    },
    was,
    on: { ...someTypes, description: "Events to hear. Each of them runs the reaction." },
    all: {
      ...types,
      minItems: 2,
      description: "Events to join: the reaction runs when all of them have arrived.",
    },
    optional: { ...types, description: "Events of the join for which it does not wait." },
    effect: { ...name, description: "Name of its effect. The default is the event of the effect." },
    effectWas: was,
    undoes: { ...type, description: "Effect of the same service that this undo reverses." },
    emits: {
      ...outcomes,
      description: "Success outcomes, as alternatives. An inner array is emitted together.",
    },
    fails: { ...outcomes, description: "Failure outcomes, as alternatives. They leave no effect." },
    once: {
      ...name,
      description: "The first reaction of the service with this name wins in a saga.",
    },
    onceWas: was,
    max: {
      type: "integer",
      minimum: 1,
      description: "How often the reaction may run in one saga.",
    },
    late: {
      ...outcomes,
      description: "Outcomes after once is taken or max is reached, as alternatives.",
    },
    onParked: { ...type, description: "Event to emit when a delivery is parked." },
    readonly: { type: "boolean", description: "true: the reaction has no effect to undo." },
    keyed: {
      enum: [true, false, "all"],
      description:
        "true: a saga may have several effects of this name, told apart by a key. " +
        "all, of an undo: it reverses them all.",
    },
    onEmpty: {
      enum: ["ack", "silent"],
      description: "With nothing to undo, emit the first event (ack) or nothing (silent).",
    },
    suppress,
  },
  ...open,
};

const deadlineEntry = {
  type: "object",
  required: ["after", "within", "emits"],
  properties: {
    name,
    was,
    after: {
      ...type,
      description: "Event that arms the deadline, heard or emitted by the service.",
    },
    within: {
      description: 'Duration: ISO 8601 ("PT15M"), short ("15m"), or milliseconds.',
      type: ["string", "integer"],
    },
    unless: {
      ...types,
      description: "Events that call the deadline off, heard or emitted by the service.",
    },
    emits: { ...type, description: "Event to emit when the deadline fires." },
    onParked: { ...type, description: "Event to emit when the deadline is parked." },
    suppress,
  },
  ...open,
};

const serviceEntry = {
  type: "object",
  properties: {
    begins: { ...types, description: "Events with which the service begins sagas." },
    reactions: { type: "array", items: { $ref: "#/$defs/reaction" }, maxItems: 10_000 },
    deadlines: { type: "array", items: { $ref: "#/$defs/deadline" }, maxItems: 10_000 },
    alsoHears: {
      ...lineage,
      description: "By event: older versions that the service hears in place of it.",
    },
    alsoEmits: {
      ...lineage,
      description: "By event: older versions that the service publishes with it.",
    },
    inbox: {
      type: "boolean",
      description: "false: the service does not recognise duplicate messages.",
    },
    fence: {
      type: "boolean",
      description: "false: the service does not record whether an effect is done or undone.",
    },
    mayPark: {
      type: "boolean",
      description: "true: check that the saga survives parked deliveries.",
    },
    unlinked: {
      type: "boolean",
      description: "true: it is unknown which heard event leads to which emitted event.",
    },
    retired: {
      description: "Parts that are given up though rows of them may be left, each with a reason.",
      type: "object",
      propertyNames: name,
      additionalProperties: { type: "string", minLength: 1 },
    },
    suppress,
  },
  ...open,
};

const lockEntry = {
  type: "object",
  required: ["name", "acquire", "release"],
  properties: { name, acquire: type, release: someTypes },
  ...open,
};

/** The JSON Schema of a manifest. The file `manifest.schema.json` of the package is a copy. */
export const manifestSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Odori manifest",
  description: "A choreography: the events that services hear and emit, and the ends of sagas.",
  type: "object",
  required: ["odori", "name", "services"],
  properties: {
    $schema: { type: "string" },
    odori: { description: "Version of this format.", const: 1 },
    name,
    begins: { ...types, description: "Events with which a saga begins." },
    succeeds: { ...types, description: "Ends of a successful saga." },
    fails: {
      ...types,
      description: "Ends of a failed saga: all its effects must be undone.",
    },
    external: {
      ...types,
      description: "Events that systems outside the choreography hear or emit too.",
    },
    arrives: {
      ...types,
      description: "Events that may arrive once from outside, at any time after the saga begins.",
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
    pivots: { ...types, description: "After one of these events the saga must not turn back." },
    undoOrder: {
      description: "Pairs of effects: undo the second before the first.",
      type: "array",
      items: { type: "array", items: type, minItems: 2, maxItems: 2, uniqueItems: true },
    },
    oneOf: {
      description: "Groups of effects: on success exactly one effect of each group is kept.",
      type: "array",
      items: { ...types, minItems: 2 },
    },
    locks: {
      description: "Semantic locks: each must be released before the saga ends.",
      type: "array",
      items: lockEntry,
    },
    suppress,
  },
  ...open,
  $defs: {
    type: { description: "Event type: <domain>.<fact>.v<N>.", ...name },
    outcome: {
      description: "One event, or several that are emitted together; [] emits nothing.",
      anyOf: [type, types],
    },
    event: eventEntry,
    reaction: reactionEntry,
    deadline: deadlineEntry,
    service: serviceEntry,
  },
};
