import { expect, it } from "vitest";
import { outcome } from "../../pages/upload-transport";

it("reads the images out of the listing that the server answers", () => {
  expect(outcome(200, '{"count":1,"results":[{"id":5}]}')).toEqual({ type: "accepted", images: [5] });
});

it("shows the server's own sentence", () => {
  expect(outcome(415, '{"code":"unsupported","detail":"This is a text."}')).toEqual({
    type: "refused",
    sentence: "This is a text.",
  });
});

it("has a sentence of its own when a proxy answers with a page", () => {
  expect(outcome(413, "<html>")).toEqual({ type: "refused", sentence: "The file is larger than this server accepts." });
  expect(outcome(502, "<html>")).toMatchObject({ type: "refused", sentence: expect.stringContaining("502") });
});
