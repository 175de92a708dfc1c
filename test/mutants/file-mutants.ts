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
];
