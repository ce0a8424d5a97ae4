import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

type Packing = "br" | "gzip";

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

/** The best of our packings that a browser takes (RFC 9110, 12.5.3); undefined: as it is. */
export function packingOf(accepted: string | undefined): Packing | undefined {
  const takes = new Map(
    (accepted ?? "").split(",").map((one) => {
      const [name = "", ...settings] = one.split(";").map((part) => part.trim().toLowerCase());
      return [name, !settings.some((setting) => /^q=0(?:\.0*)?$/.test(setting))];
    }),
  );
  return (["br", "gzip"] as const).find((packing) => takes.get(packing));
}

/** What never changes is packed as small as can be, at the first request for it, and kept. */
export function createPacked(): (content: string, packing: Packing) => Promise<Uint8Array<ArrayBuffer>> {
  const kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  return (content, packing) => {
    const key = `${packing} ${content}`;
    const packed =
      kept.get(key) ?? (packing === "br" ? brotlied(content).then(bytes) : gzipped(content, { level: 9 }).then(bytes));
    kept.set(key, packed);
    return packed;
  };
}

/** A page is packed fast. */
export async function packPage(page: string, packing: Packing): Promise<Uint8Array<ArrayBuffer>> {
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
  return bytes(packing === "br" ? await brotlied(page, fast) : await gzipped(page, { level: 4 }));
}

const bytes = (buffer: Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);
