import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below 32,768: from there on systems give ports to outgoing connections. */
const [FIRST, END] = [20_000, 32_768];

/**
 * Ports of the loopback that nothing listens on. While this process runs, no other caller gets
 * them, in whichever process: a port that is only closed again may be given twice before its
 * server listens.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

/** The first of `count` such ports in a row. */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END - count);
    let free = 0;
    while (free < count && (await reserve(port + free)) && (await isFree(port + free))) free++;
    if (free === count) return port;
  }
}

/** Holds the UDP port of the same number, which the system gives back when the process ends. */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  socket.bind({ port, address: "127.0.0.1", exclusive: true });
  socket.unref();
  return listens(socket);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  if (!(await listens(server))) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

async function listens(of: NodeJS.EventEmitter): Promise<boolean> {
  try {
    await once(of, "listening");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false;
    throw error;
  }
}
