import fc from "fast-check";
import { expect, test } from "vitest";
import { readHtml } from "../../src/lib/read-html.ts";

test.each([
  ["paragraphs and breaks", "<p>One<br>two<br />three</p><p>Four</p>", "One\ntwo\nthree\n\nFour"],
  ["entities", "<p>Open &amp; &ldquo;free&rdquo; &#39;now&#39; &lt;b&gt;</p>", "Open & “free” 'now' <b>"],
  [
    "a link's hidden ends",
    '<a href="https://x.example/a"><span class="invisible">https://</span><span>x.example/a</span></a>',
    "https://x.example/a",
  ],
  ["a mention", '<span class="h-card"><a href="https://x.example/@bob">@<span>bob</span></a></span>, hello', "@bob, hello"],
  ["no markup", "plain words", "plain words"],
  ["nothing", "", ""],
  ["markup that is never closed", "<p>One <b>two", "One two"],
])("the text of %s", (_what, html, text) => {
  expect(readHtml(html).text).toBe(text);
});

test("links are told in order, decoded, whatever their words say", () => {
  const html =
    '<a href="https://x.example/?a=1&amp;b=2">one</a> <a name="x">none</a> <A HREF=https://y.example>two</A> https://z.example';
  expect(readHtml(html).links).toEqual(["https://x.example/?a=1&b=2", "https://y.example"]);
});

test("it never throws", () => {
  const piece = fc.oneof(
    fc.constantFrom("<", "<a href=", "</p>", "&", "&#", "<!--", "<![CDATA[", '"', ">", "<p><br"),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => void readHtml(pieces.join(""))));
});
