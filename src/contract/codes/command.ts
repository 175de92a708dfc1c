import type { ErrorEntry } from "./entry.ts";

/** The command `odori`. */
export const COMMAND_CODES = {
  USAGE: {
    delivery: "none",
    meaning: "The arguments of the command do not fit it.",
    hint: "See `--help`.",
  },
  MODULE_UNREADABLE: {
    delivery: "none",
    meaning: "A module cannot be imported.",
    hint: "Run the module with Node to see where it fails.",
  },
  MODULE_EXPORTS_NOTHING: {
    delivery: "none",
    meaning:
      "A module exports neither a choreography nor a service. If its source says so, the module " +
      "was not run.",
    hint: "Pass the module that exports the return value of `choreography()` or `service()`.",
  },
  MODULE_UNFINISHED: {
    delivery: "none",
    meaning:
      "A module has not finished loading: its top-level code calls `process.exit`, awaits what " +
      "never comes, or takes longer than `ODORI_LOAD_SECONDS` (30).",
    hint: "Export the declarations from a module of their own, whose top level only declares.",
  },
  NOT_STARTED: {
    delivery: "none",
    meaning: "A module called `start` while a command was loading it for its declarations.",
    hint: "Export the declarations from a module of their own, which starts nothing.",
  },
  FILE_UNREADABLE: {
    delivery: "none",
    meaning: "A file cannot be read or written.",
    hint: "Check its name, its folder and their permissions.",
  },
  FOLDER_NOT_EMPTY: {
    delivery: "none",
    meaning: "`odori init` writes into an empty folder only, and this one holds something.",
    hint: "Name a new folder: `odori init shop`.",
  },
  INSTALL_FAILED: {
    delivery: "none",
    meaning: "`odori init` has written the project, and `npm install` failed in it.",
    hint: "Run `npm install` there once the npm registry can be reached, or use `--no-install`.",
  },
  MANIFEST_INVALID: {
    delivery: "none",
    meaning: "A document is not a valid manifest or AsyncAPI document.",
    hint: "The message names the place of each mistake.",
  },
  CONVERTER_MISSING: {
    delivery: "none",
    meaning: "A document of AsyncAPI 2 needs the official converter, which is not installed.",
    hint: "Run `npm install --save-dev @asyncapi/converter`, or convert the document yourself.",
  },
  CONFIG_INVALID: {
    delivery: "none",
    meaning:
      "`odori.config.json` does not fit its schema, or lies above the working directory and " +
      "belongs to another user.",
    hint: "It may have `rules`, `limits`, `statesMax`, `stores` and `manifest`.",
  },
  CHECK_TIMEOUT: {
    delivery: "none",
    meaning: "A choreography is too large to be checked in the time that `--seconds` sets.",
    hint: "Raise `--seconds`, or check parts of it separately.",
  },
  DOCUMENT_TOO_LARGE: {
    delivery: "none",
    meaning:
      "An AsyncAPI document cannot be written in the time that `--seconds` sets, or would be " +
      "larger than any command reads.",
    hint: "Write the part of one service: `--service`; or JSON instead of YAML: `--json`.",
  },
  NOT_IN_CHOREOGRAPHY: {
    delivery: "none",
    meaning: "The choreography has no service or event of this name.",
    hint: "The message lists names that are near.",
  },
  PICTURE_TOO_LARGE: {
    delivery: "none",
    meaning: "A picture would have more arrows than a reader can follow.",
    hint: "Draw a part: `--from`, `--to`, `--service`, `--hops`.",
  },
  DATA_NOT_FOUND: {
    delivery: "none",
    meaning: "A folder or a database holds nothing of a saga.",
    hint: "Name the place of the databases: `--data <folder>` or `--postgres <url>`.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
