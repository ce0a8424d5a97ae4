import { Document } from "../parts/layout.tsx";
import type { View } from "../view.ts";

interface ProblemProps {
  v: View;
  title: string;
  sentence: string;
  /** Where it can be mended. */
  way?: { readonly href: string; readonly text: string };
}

/** Something did not work, said in a sentence; never how it failed inside. */
export function ProblemPage({ v, title, sentence, way }: ProblemProps) {
  return (
    <Document v={v} title={title}>
      <main class="gate" id="main">
        <p class="wordmark">
          <span aria-hidden="true" class="mark" /> Slugline
        </p>
        <div id="problem">
          <h1>{title}</h1>
          <p>{sentence}</p>
          {way === undefined ? null : (
            <p>
              <a class="button primary" href={way.href}>
                {way.text}
              </a>
            </p>
          )}
        </div>
        <p>
          <a class="button" href="/">
            {v.t("problem.back")}
          </a>
        </p>
      </main>
    </Document>
  );
}
