#!/usr/bin/env node
/**
 * The first Node whose `node:sqlite` needs no flag and that runs TypeScript modules as they are.
 */
const NODE_LEAST = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NODE_LEAST[0] || (major === NODE_LEAST[0] && minor < NODE_LEAST[1])) {
  process.stderr.write(
    `odori needs Node ${NODE_LEAST.join(".")} or newer; this is ${process.version}. Install a current Node and run it again.\n`,
  );
  process.exitCode = 2;
} else {
  const { main } = await import("./program.ts");
  await main();
}

export {};
