import type { DeliveryLine } from "../read/deliveries.ts";
import type { Waiting } from "../read/queue.ts";
import type { Trouble } from "../../health/health.ts";
import { Desk, type DeskProps } from "../parts/desk.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Troubles } from "../parts/troubles.tsx";
import { WaitingList } from "../parts/waiting.tsx";

export interface QueueProps {
  readonly rows: readonly Waiting[];
  readonly desk: Omit<DeskProps, "v" | "may"> | null;
  readonly troubles: readonly Trouble[];
  readonly stuck: readonly DeliveryLine[];
  /** May decide. */
  readonly may: boolean;
}

/** What waits, the selected one as it will stand, and its article. */
export function QueuePage({ frame, queue }: { frame: Frame; queue: QueueProps }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <Troubles v={v} troubles={queue.troubles} stuck={queue.stuck} may={queue.may} />
      <div class="queue">
        <WaitingList v={v} rows={queue.rows} count={frame.waiting} selected={queue.desk?.card.id} />
        {queue.desk ? (
          <Desk v={v} may={queue.may} {...queue.desk} />
        ) : (
          <section id="desk" class="desk" aria-label={v.t("desk.label")}>
            <div class="empty" tabindex={-1} data-card="">
              <p class="empty-title">{v.t("queue.empty")}</p>
              <p>{v.t("queue.empty.more")}</p>
            </div>
          </section>
        )}
      </div>
    </Layout>
  );
}
