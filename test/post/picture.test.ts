import { expect, test } from "vitest";
import { picturesOf } from "../../src/post/picture.ts";

const story = {
  url: "https://www.example.org/a",
  image_url: "https://img.example.org/a.jpg",
  image_alt: "A bridge",
  source_images: "own" as const,
};

test("a post carries the story's picture with its alternative text only where the account attaches pictures", () => {
  expect(picturesOf(story, false)).toEqual([]);
  expect(picturesOf(story, true)).toEqual([{ url: "https://img.example.org/a.jpg", alt: "A bridge" }]);
});

test("a picture that is not the newsroom's own is posted only where the source says so", () => {
  const agency = { ...story, image_url: "https://agency.example/b.jpg" };
  expect(picturesOf(agency, true)).toEqual([]);
  expect(picturesOf({ ...agency, source_images: "all" }, true)).toHaveLength(1);
  expect(picturesOf({ ...story, source_images: "none" }, true)).toEqual([]);
  expect(picturesOf({ ...story, image_url: "https://badexample.org/a.jpg" }, true)).toEqual([]);
});
