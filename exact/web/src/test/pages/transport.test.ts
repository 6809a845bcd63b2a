import { expect, it } from "vitest";
import { refusal } from "../../pages/upload-transport";

it("shows the server's own sentence", () => {
  expect(refusal(415, '{"code":"unsupported","detail":"This is a text."}')).toBe("This is a text.");
});

it("has a sentence of its own when a proxy answers with a page", () => {
  expect(refusal(413, "<html>")).toBe("The file is larger than this server accepts.");
  expect(refusal(502, "<html>")).toContain("502");
});
