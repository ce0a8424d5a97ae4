import { Document } from "../parts/layout.tsx";
import type { View } from "../view.ts";

/** Something did not work, said in a sentence; never how it failed inside. */
export function ProblemPage({ v, title, sentence }: { v: View; title: string; sentence: string }) {
  return (
    <Document v={v} title={title}>
      <main class="gate" id="main">
        <p class="wordmark">
          <span aria-hidden="true" class="mark" /> Slugline
        </p>
        <div id="problem">
          <h1>{title}</h1>
          <p>{sentence}</p>
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
