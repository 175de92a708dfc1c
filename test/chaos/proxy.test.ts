import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { closing } from "../support/scope.ts";
import { TcpProxy } from "./proxy.ts";

test("what is held back arrives later, complete and in order", async () => {
  const numbers = Array.from({ length: 3_000 }, (_, n) => n);
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    const left = numbers.values();
    // A piece each millisecond: some arrive just when others that were held back are due.
    const sending = setInterval(() => {
      for (const n of left.take(1)) socket.write(`${n}\n`);
    }, 1);
    socket.on("close", () => clearInterval(sending));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using scope = new AsyncDisposableStack();
  scope.defer(() => new Promise((resolve) => server.close(() => resolve())));
  const proxy = scope.use(closing(await TcpProxy.listen()));
  const address = server.address();
  proxy.target = typeof address === "object" && address !== null ? address.port : 0;
  const client = connect(proxy.port, "127.0.0.1");
  scope.defer(() => void client.destroy());
  let text = "";
  const received = new Promise<void>((resolve, reject) => {
    client.on("error", reject);
    client.on("data", (chunk) => {
      text += chunk;
      if (text.split("\n").length > numbers.length) resolve();
    });
  });
  // Each delay lasts 30 ms: the changes of delay are what is tested.
  for (let n = 0; n < 60; n++) await proxy.delay(n % 3 === 0 ? 0 : 5 + n, 30);
  await received;
  expect(text.trimEnd().split("\n").map(Number)).toEqual(numbers);
});
