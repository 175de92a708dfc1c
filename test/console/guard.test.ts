import { expect, it } from "vitest";
import { Guard } from "../../src/console/guard.ts";

const opened = (token: string) => {
  const guard = new Guard({ hosts: ["localhost"], token, base: "" });
  const [cookie = ""] = guard.open(new Request("http://localhost/"), token).split(";");
  return { guard, cookie };
};
const asks = (cookie: string) => new Request("http://localhost/", { headers: { cookie } });

it("the sessions of two consoles on one host live beside each other in one browser", () => {
  const [one, other] = [opened("the token of the first"), opened("the token of the second")];
  // A browser keeps one value for each name, and sends all of them to every port.
  const kept = new Map(
    [one.cookie, other.cookie].map((pair) => pair.split("=") as [string, string]),
  );
  const sent = [...kept].map((pair) => pair.join("=")).join("; ");
  expect(() => one.guard.checkSession(asks(sent))).not.toThrow();
  expect(() => other.guard.checkSession(asks(sent))).not.toThrow();
  expect(() => one.guard.checkSession(asks(other.cookie))).toThrow();
});
