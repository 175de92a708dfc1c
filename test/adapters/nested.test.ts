import { describe, expect, it } from "vitest";
import { NestedTransactions } from "../../src/adapter/nested.ts";

const UNSUPPORTED = expect.objectContaining({ code: "STATEMENT_UNSUPPORTED" });

describe("transactions of a library inside a handler's", () => {
  it("are savepoints of one stack, whichever wrapper they come through", () => {
    const tx = {};
    const [one, other] = [NestedTransactions.of(tx), NestedTransactions.of(tx)].map((nested) =>
      nested.connection(),
    );
    expect(one?.("BEGIN")).toBe("SAVEPOINT odori_nested_1");
    expect(() => other?.("begin transaction;")).toThrow(UNSUPPORTED);
    expect(NestedTransactions.isOpen(tx)).toBe(true);
    expect(one?.("COMMIT")).toBe("RELEASE SAVEPOINT odori_nested_1");
    expect(NestedTransactions.isOpen(tx)).toBe(false);
    expect(other?.("START TRANSACTION")).toBe("SAVEPOINT odori_nested_2");
    expect(NestedTransactions.isOpen({})).toBe(false);
  });

  it("a ROLLBACK after a COMMIT that failed undoes the same one", () => {
    const translate = NestedTransactions.of({}).connection();
    const undone = "ROLLBACK TO SAVEPOINT odori_nested_1; RELEASE SAVEPOINT odori_nested_1";
    expect(["BEGIN", "COMMIT", "ROLLBACK"].map(translate)).toEqual([
      "SAVEPOINT odori_nested_1",
      "RELEASE SAVEPOINT odori_nested_1",
      undone,
    ]);
    expect(translate("ROLLBACK")).toBe("ROLLBACK");
  });
});
