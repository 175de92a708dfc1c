import type { LinksSkeleton, ServiceSkeleton } from "../manifest/links-skeleton.ts";
import { escapeUnprintable, printable } from "../text/printable.ts";

/** In comments, more names than this are left out. */
const NAMED_MAX = 12;

/** Writes the skeleton of an overlay as YAML, with comments about what is to be filled in. */
export function linksText(skeleton: LinksSkeleton, sources: readonly string[]): string {
  const { names, begins, mayBegin, mayEnd, services } = skeleton;
  const lines = [
    "# Links: which event follows from which. Fill in, then run:",
    `#   odori check ${sources.map(comment).join(" ")} links.yaml`,
    "odori-links: 1",
    "",
    "# Other names of the same message in the documents: <name or channel#name>: <name here>.",
    ...(names.size === 0
      ? ["names: {}"]
      : ["names:", ...[...names].map(([from, to]) => `  ${scalar(from)}: ${scalar(to)}`)]),
    "",
    "# How sagas begin and end.",
    `begins: ${list(begins)}${oneOf(begins.length > 0 ? [] : mayBegin)}`,
    `succeeds: []${oneOf(mayEnd)}`,
    `fails: []${oneOf(mayEnd)}`,
    "",
    "# inbox: true if the service recognises a message that comes twice.",
    "# fence: true if it records in the same transaction which effects are done and undone.",
    "# A reaction may also have fails: [events of a refusal], undoes: the event that it reverses.",
    "services:",
    ...services.flatMap(serviceLines),
  ];
  return escapeUnprintable(`${lines.join("\n")}\n`);
}

/** Returns the skeleton as the overlay that its YAML is. */
export function linksDocument({ names, begins, services }: LinksSkeleton): unknown {
  return {
    "odori-links": 1,
    names: Object.fromEntries(names),
    begins,
    succeeds: [],
    fails: [],
    services: Object.fromEntries(
      services.map(({ name, hears, emits }) => [
        name,
        {
          inbox: false,
          fence: false,
          begins: hears.length === 0 ? emits : [],
          reactions: hears.map((type) => ({ on: [type], emits: [] })),
        },
      ]),
    ),
  };
}

function serviceLines({ name, hears, emits }: ServiceSkeleton): readonly string[] {
  const begins = hears.length === 0 ? list(emits) : `[]${oneOf(emits)}`;
  const reactions = hears.flatMap((type) => [
    `      - on: ${list([type])}`,
    `        emits: []${oneOf(emits)}`,
  ]);
  return [
    `  ${scalar(name)}:`,
    "    inbox: false",
    "    fence: false",
    `    begins: ${begins}`,
    ...(reactions.length === 0 ? [] : ["    reactions:", ...reactions]),
  ];
}

function oneOf(types: readonly string[]): string {
  if (types.length === 0) return "";
  const more = types.length > NAMED_MAX ? ", …" : "";
  return ` # of ${types.slice(0, NAMED_MAX).map(comment).join(", ")}${more}`;
}

function list(types: readonly string[]): string {
  return `[${types.map(scalar).join(", ")}]`;
}

/** Words that YAML reads as something else than text. */
const WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(text: string): string {
  return /^[a-z_][\w./-]*$/i.test(text) && !WORDS.test(text) ? text : JSON.stringify(text);
}

/** A line break would end the comment. */
function comment(text: string): string {
  return printable(text);
}
