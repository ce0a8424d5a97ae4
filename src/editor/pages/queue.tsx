import type { DeliveryLine } from "../read/deliveries.ts";
import type { WaitingWindow } from "../read/queue.ts";
import type { Trouble } from "../../health/health.ts";
import type { View } from "../view.ts";
import { Desk, type DeskProps } from "../parts/desk.tsx";
import { Changes, Layout, type Frame } from "../parts/layout.tsx";
import { Troubles } from "../parts/troubles.tsx";
import { WaitingList, WaitingTitle } from "../parts/waiting.tsx";

/** What lies on the desk; null when nothing waits. */
type OnDesk = Omit<DeskProps, "v"> | null;

export interface QueueProps {
  readonly shown: WaitingWindow;
  readonly desk: OnDesk;
  readonly troubles: readonly Trouble[];
  readonly stuck: readonly DeliveryLine[];
}

/** What waits, the selected one as it will stand, and its article. */
export function QueuePage({ frame, queue }: { frame: Frame; queue: QueueProps }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <Troubles v={v} troubles={queue.troubles} stuck={queue.stuck} />
      <div class="queue">
        <WaitingList v={v} shown={queue.shown} count={frame.waiting} selected={queue.desk?.card.id} />
        <DeskOrEmpty v={v} desk={queue.desk} />
      </div>
    </Layout>
  );
}

/** The same page once another post is on the desk: only what changes, the list where another part of it is shown. */
export function DeskChanges({ frame, desk, shown }: { frame: Frame; desk: OnDesk; shown: WaitingWindow | undefined }) {
  const { v, waiting } = frame;
  return (
    <Changes {...frame}>
      {shown ? (
        <WaitingList v={v} shown={shown} count={waiting} selected={desk?.card.id} />
      ) : (
        <WaitingTitle v={v} count={waiting} />
      )}
      <DeskOrEmpty v={v} desk={desk} />
    </Changes>
  );
}

function DeskOrEmpty({ v, desk }: { v: View; desk: OnDesk }) {
  if (desk) return <Desk v={v} {...desk} />;
  return (
    <section id="desk" class="desk" aria-label={v.t("desk.label")}>
      <div class="empty" tabindex={-1} data-card="">
        <p class="empty-title">{v.t("queue.empty")}</p>
        <p>{v.t("queue.empty.more")}</p>
      </div>
    </section>
  );
}
