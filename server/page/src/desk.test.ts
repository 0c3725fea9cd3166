import { expect, test } from "vitest";
import { csv } from "./screens/desk";

test("no entry becomes a formula or breaks out of its cell", () => {
  const [head, row] = csv([{ kind: "login", note: '=HYPERLINK("x")\n', account: "a,b" }]).split("\r\n");
  expect(head?.split(",")).toHaveLength(9);
  expect(row).toContain('"\'=HYPERLINK(""x"")');
  expect(row).toContain('"a,b"');
});
