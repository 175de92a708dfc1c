import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import {
  type EventEntry,
  type Manifest,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import { reactionDocument, serviceDocument, sorted, toDocument } from "../manifest/write.ts";
import {
  channelBindings,
  exampleHeaders,
  headerName,
  headersSchema,
  messageBindings,
  type Protocol,
  receiveBindings,
  sendBindings,
} from "./bindings.ts";
import { Examples } from "./example.ts";
import { pointer, rebase } from "./refs.ts";

/** Options of `toAsyncApi`. */
export interface AsyncApiOptions {
  /** Includes only the part of this service.
   * @default the whole choreography
   */
  readonly service?: string;
  /** Names the headers as this protocol does.
   * @default "nats"
   */
  readonly protocol?: Protocol;
  /** Version of the API document.
   * @default "1.0.0"
   */
  readonly version?: string;
}

/**
 * Converts a choreography, or the part of one service, to an AsyncAPI 3.1 document. Extensions keep
 * the links between events and the ends of sagas, so that `readAsyncApi` loses nothing.
 * Throws `NOT_IN_CHOREOGRAPHY` for an unknown service.
 *
 * @example
 * ```ts
 * import { toAsyncApi } from "odori/asyncapi";
 * import { manifestOf } from "odori/manifest";
 * import order from "./choreography.ts";
 *
 * const document = toAsyncApi(manifestOf(order), { service: "payment", protocol: "kafka" });
 * console.log(JSON.stringify(document));
 * ```
 */
export function toAsyncApi(
  manifest: Manifest,
  { service, protocol = "nats", version = "1.0.0" }: AsyncApiOptions = {},
): Record<string, unknown> {
  const part = service === undefined ? manifest : partOf(manifest, service);
  const services = [...part.services.values()];
  const types = [
    ...new Set([
      ...services.flatMap(typesOf),
      ...part.events.keys(),
      ...(service === undefined ? listed(manifest) : []),
    ]),
  ].sort();
  const emitters = new Map(
    services.flatMap((entry) => emittedBy(entry).map((type) => [type, entry.name] as const)),
  );
  const schemas = types.flatMap((type) => {
    const schema = part.events.get(type)?.schema;
    return schema === undefined
      ? []
      : [[type, rebase(sorted(schema), "#", pointer("components", "schemas", type))] as const];
  });
  const examples = new Examples();
  const { events: _, services: _services, ...choreography } = toDocument(part);
  return {
    asyncapi: "3.1.0",
    info: {
      title: service === undefined ? manifest.name : `${service} (${manifest.name})`,
      version,
      description:
        service === undefined
          ? `The choreography ${manifest.name}.`
          : `The part of ${service} in the choreography ${manifest.name}.`,
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(
      types.map((type) => [type, channelOf(type, part.events.get(type))]),
    ),
    operations: Object.fromEntries(services.flatMap(operationsOf)),
    components: {
      messages: Object.fromEntries(
        types.map((type) => [
          type,
          messageDocument(
            type,
            part.events.get(type),
            protocol,
            emitters.get(type) ?? type.split(".")[0] ?? type,
            examples,
          ),
        ]),
      ),
      ...(schemas.length > 0 && { schemas: Object.fromEntries(schemas) }),
    },
    "x-odori": sorted({
      ...choreography,
      services: Object.fromEntries(
        services.map((entry) => [entry.name, serviceDocument({ ...entry, reactions: [] })]),
      ),
    }),
  };
}

/** Returns the events that the choreography mentions outside its services. */
function listed({ begins, succeeds, fails, external, arrives }: Manifest): readonly string[] {
  return [...begins, ...succeeds, ...fails, ...external, ...arrives];
}

function partOf(manifest: Manifest, name: string): Manifest {
  const service = manifest.services.get(name);
  if (service === undefined) {
    throw new OdoriError(
      "NOT_IN_CHOREOGRAPHY",
      `${quote(name)} is not a service of this choreography.`,
      {
        hint: `Choose from ${[...manifest.services.keys()].slice(0, 12).join(", ")}.`,
      },
    );
  }
  const own = new Set(typesOf(service));
  const view = manifest.views.get(name);
  const events = [...manifest.events]
    .filter(([type]) => own.has(type))
    .map(([type, entry]) => [type, { ...entry, schema: view?.get(type) ?? entry.schema }] as const);
  return {
    ...manifest,
    events: new Map(events),
    services: new Map([[name, service]]),
    views: new Map(),
  };
}

function typesOf(service: ServiceEntry): readonly string[] {
  return [...emittedBy(service), ...heardBy(service)];
}

function emittedBy({ begins, reactions, deadlines, alsoEmits }: ServiceEntry): readonly string[] {
  const emitted = [
    ...begins,
    ...reactions.flatMap(typesEmittedBy),
    ...deadlines.flatMap(typesEmittedAt),
  ];
  return [...new Set(emitted.flatMap((type) => [type, ...(alsoEmits.get(type) ?? [])]))];
}

function heardBy({ reactions, deadlines, alsoHears }: ServiceEntry): readonly string[] {
  const heard = [
    ...reactions.flatMap(({ hears }) => hears),
    ...deadlines.flatMap(({ after, unless }) => [after, ...unless]),
  ];
  return [...new Set(heard.flatMap((type) => [type, ...(alsoHears.get(type) ?? [])]))];
}

function channelOf(type: string, entry: EventEntry | undefined): unknown {
  return {
    address: type,
    ...(entry?.summary !== undefined && { summary: entry.summary }),
    messages: { [type]: { $ref: pointer("components", "messages", type) } },
    bindings: channelBindings(type),
  };
}

function messageDocument(
  type: string,
  entry: EventEntry | undefined,
  protocol: Protocol,
  source: string,
  examples: Examples,
): unknown {
  const schema = entry?.schema;
  const example = schema === undefined ? undefined : sorted(examples.of(schema));
  return {
    name: type,
    title: type,
    ...(entry?.summary !== undefined && { summary: entry.summary }),
    contentType: "application/json",
    headers: headersSchema(protocol, type),
    ...(schema !== undefined && { payload: { $ref: pointer("components", "schemas", type) } }),
    correlationId: { location: `$message.header#/${headerName(protocol, "correlationid")}` },
    bindings: messageBindings(type),
    ...(example !== undefined && {
      examples: [
        { name: "example", headers: exampleHeaders(protocol, type, source), payload: example },
      ],
    }),
    ...(entry !== undefined && {
      "x-odori-event": { sensitive: entry.sensitive, suppress: Object.fromEntries(entry.suppress) },
    }),
  };
}

function operationsOf(service: ServiceEntry): readonly (readonly [string, unknown])[] {
  const { name } = service;
  const byType = reactionsByType(service);
  const operation = (action: "send" | "receive", type: string) => ({
    action,
    channel: { $ref: pointer("channels", type) },
    messages: [{ $ref: pointer("channels", type, "messages", type) }],
    tags: [{ name }],
  });
  const receives = heardBy(service).map((type) => {
    const extension = {
      ...operation("receive", type),
      bindings: receiveBindings(name),
      "x-odori-service": name,
      "x-odori-reaction": byType.get(type) ?? [],
    };
    return [`${name}.receives.${type}`, extension] as const;
  });
  const sends = emittedBy(service).map((type) => {
    return [
      `${name}.sends.${type}`,
      { ...operation("send", type), bindings: sendBindings(), "x-odori-service": name },
    ] as const;
  });
  return [...receives, ...sends];
}

/** Each reaction is one object, in the list of each type that it hears. */
function reactionsByType({ reactions }: ServiceEntry): ReadonlyMap<string, readonly unknown[]> {
  const byType = new Map<string, unknown[]>();
  for (const [place, reaction] of reactions.entries()) {
    const document = { place, ...definite(reactionDocument(reaction)) };
    for (const type of new Set(reaction.hears)) {
      const list = byType.get(type) ?? [];
      byType.set(type, list);
      list.push(document);
    }
  }
  return byType;
}

function definite(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}
