// Closes a bus 30 times while its server has half closed the connection. Prints what was thrown.
import { nats } from "odori/nats";
import { sampleEvent } from "../../src/conformance/samples.ts";
import { HalfClosingNats } from "./half-closing-nats.ts";

const ROUNDS = 30;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const large = (id: string) => sampleEvent(id, { data: { x: "x".repeat(60_000) } });
let thrown = 0;
process.on("uncaughtException", (error) => {
  thrown++;
  process.stderr.write(`${error.stack}\n`);
});

for (let round = 0; round < ROUNDS; round++) {
  const server = await HalfClosingNats.listen();
  const bus = nats({ servers: `nats://127.0.0.1:${server.port}` });
  await bus.publish([sampleEvent("first")]);
  const lost = bus.publish([sampleEvent("last", { data: "end" })]).catch(() => {});
  await turn();
  // More than the buffers of both sockets hold: the client cannot finish writing.
  const many = Array.from({ length: 240 }, (_, i) => large(`e${i}`));
  const waiting = bus.publish(many).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // A write of the turn in which the bus is closed, as an acknowledgement would be.
  const late = bus.publish([sampleEvent("late")]).catch(() => {});
  for (let i = 0; i < round % 4; i++) await Promise.resolve();
  await bus.close();
  await Promise.all([lost, waiting, late]);
  await turn();
  server.close();
}
process.stdout.write(`${ROUNDS} rounds, ${thrown} thrown\n`);
process.exit(0);
