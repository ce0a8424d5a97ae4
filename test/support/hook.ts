import { Webhook } from "standardwebhooks";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A CMS that pushes its stories, signed by Standard Webhooks, to the source `cms`. */
export function signedHook(secret = SECRET) {
  return {
    secret,
    /** @returns whether the hook was acknowledged: from then on its story must not be lost */
    async send(editor: string, id: string, article: Record<string, unknown> = {}): Promise<boolean> {
      const body = JSON.stringify({
        event: "published",
        article: {
          guid: id,
          url: `https://example.org/${id}`,
          title: `Story ${id}`,
          text: "The bridge opens on Monday, the council said on Tuesday. ".repeat(9),
          lang: "en",
          ...article,
        },
      });
      const now = new Date();
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign(id, now, body),
      };
      const answer = await fetch(`${editor}/hooks/cms`, { method: "POST", headers, body });
      return answer.status === 202;
    },
  };
}
