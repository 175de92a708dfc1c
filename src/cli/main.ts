#!/usr/bin/env node
/** The oldest Node of `engines` in package.json: it runs TypeScript modules directly. */
const NODE_LEAST = [22, 22] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NODE_LEAST[0] || (major === NODE_LEAST[0] && minor < NODE_LEAST[1])) {
  process.stderr.write(
    `odori needs Node 22 (from ${NODE_LEAST.join(".")}) or 24.6 and newer, but this is Node ` +
      `${process.version}.\n` +
      "Install a current Node and try again.\n",
  );
  process.exitCode = 2;
} else {
  // Node says of what the commands use that it is experimental, and of a module of the user how it
  // was read. Neither is about what the command was asked.
  const warn = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!/SQLite|stripTypeScriptTypes|Module type of/.test(`${warning}`))
      warn.call(process, warning, ...rest);
  };
  const { main } = await import("./program.ts");
  await main();
}

export {};
