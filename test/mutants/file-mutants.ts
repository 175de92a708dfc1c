import { edit, type Mutant } from "./mutant.ts";

/** Broken readers of files from elsewhere, and of the names in them. */
export const FILE_MUTANTS: readonly Mutant[] = [
  {
    name: "links lead out of a folder",
    edits: [edit("cli/files.ts", "!isWithin(real(folder), real(file))", "real(file) === ''")],
    suite: "files",
    caughtBy: "a reference stays in the folder of its document",
  },
  {
    name: "pipes are read",
    edits: [edit("cli/files.ts", "if (!found.isFile())", "if (found.isDirectory())")],
    suite: "files",
    caughtBy: "a reference leads to a regular file",
  },
  {
    name: "an alias counts once",
    edits: [edit("manifest/yaml.ts", "return before;", "return before === 0 ? 1 : 0;")],
    suite: "files",
    caughtBy: "aliases count as what they stand for",
  },
  {
    name: "examples of any length",
    edits: [edit("asyncapi/example.ts", "if (!(least <= TEXT_MAX_CHARS))", "if (!(least >= 0))")],
    suite: "files",
    caughtBy: "an example is short",
  },
  {
    name: "control characters in JSON",
    edits: [edit("text/printable.ts", 'char === "\\n" || char', 'char >= "\\u0080" || char')],
    suite: "files",
    caughtBy: "a manifest has no control characters",
  },
  {
    name: "quotes for the shell that a quote ends",
    edits: [edit("acl/part.ts", "word.replaceAll(\"'\", \"'\\\\''\")", "word")],
    suite: "files",
    caughtBy: "a shell gets each word as it is",
  },
  {
    name: "permissions for any name",
    edits: [edit("acl/part.ts", "checkServiceName(service);", 'checkServiceName("a");')],
    suite: "files",
    caughtBy: "a name outside the grammar gets no permissions",
  },
  {
    name: "topics collide unseen",
    edits: [edit("check/lint/topics.ts", 'event.replaceAll(".", "_")', "event")],
    suite: "files",
    caughtBy: "kafka-topic-names-collide: types whose topics collide are reported",
  },
  {
    name: "links are believed against the document",
    edits: [
      edit(
        "manifest/compare-links.ts",
        "...without(known.hears, said.hears)",
        "...without(said.hears, said.hears)",
      ),
    ],
    suite: "files",
    caughtBy: "links leave out nothing of a document",
  },
  {
    name: "the service without links wins",
    edits: [
      edit("manifest/merge.ts", "services.set(name, linked)", "services.set(name, described)"),
    ],
    suite: "files",
    caughtBy: "a service with links replaces the one without",
  },
  {
    name: "a message has a name for each channel",
    edits: [edit("asyncapi/foreign.ts", "shared.has(name) ? exact : name", "exact")],
    suite: "files",
    caughtBy: "a message has one name in all documents",
  },
  {
    name: "names of others are errors",
    edits: [edit("check/lint/lint.ts", "foreign === true ?", "foreign === false ?")],
    suite: "files",
    caughtBy: "names of others are information",
  },
  {
    name: "what a lone service emits is not drawn",
    edits: [edit("draw/flow.ts", "|| !hearers.has(type))", "|| hearers.size < 0)")],
    suite: "files",
    caughtBy: "draw-one-service: what it hears and emits is drawn",
  },
];
