import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";

const WIDTH = 960;
const HEIGHT = 540;
const HILLS = 5;

type Colour = readonly [red: number, green: number, blue: number];

/**
 * A small landscape for a story: a sky, a sun and a few hills, the same for the same name and unlike for another.
 * Networks take no SVG, so it is drawn here point by point.
 *
 * @param hues of the hills and of the sky, in degrees (0 red, 120 green, 240 blue)
 * @returns a PNG of 960 by 540 points, well under 100 kB
 */
export async function drawPicture(name: string, hues: { hills: number; sky: number }): Promise<Buffer> {
  const dice = createHash("sha256").update(name).digest();
  const die = (at: number) => (dice[at % dice.length] ?? 0) / 255;
  const top = colour(hues.sky, 0.5, 0.8 - die(1) * 0.3);
  const horizon = colour(hues.sky + 20 - die(2) * 40, 0.75, 0.86);
  const sun = {
    x: WIDTH * (0.2 + die(3) * 0.6),
    y: HEIGHT * (0.22 + die(4) * 0.2),
    radius: 42 + die(5) * 40,
    colour: colour(hues.sky + 10, 0.95, 0.94),
  };
  const hills = Array.from({ length: HILLS }, (_, at) => ({
    base: HEIGHT * (0.42 + at * 0.12),
    high: 26 + die(6 + at) * 46,
    wave: (1 + die(12 + at) * 1.6) / WIDTH,
    start: die(18 + at) * 10,
    colour: colour(hues.hills + 12 * at * (die(24) - 0.5), 0.38, 0.68 - at * 0.12),
  }));

  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  const ridges = hills.map(({ base, high, wave, start }) =>
    Float64Array.from(
      { length: WIDTH },
      (_, x) => base - high * (Math.sin(start + x * wave * 6.3) + 0.4 * Math.sin(start * 3 + x * wave * 14)),
    ),
  );
  let at = 0;
  for (let y = 0; y < HEIGHT; y += 1) {
    const sky = blend(top, horizon, Math.min(1, y / (HEIGHT * 0.7)));
    at += 1; // each row begins with its filter: none
    for (let x = 0; x < WIDTH; x += 1) {
      let point =
        Math.abs(y - sun.y) > sun.radius + 1
          ? sky
          : blend(sky, sun.colour, within(sun.radius - Math.hypot(x - sun.x, y - sun.y)));
      for (let hill = 0; hill < HILLS; hill += 1) {
        const cover = y - (ridges[hill]?.[x] ?? HEIGHT);
        if (cover > -0.5) point = blend(point, hills[hill]?.colour ?? point, within(cover));
      }
      rows[at] = point[0];
      rows[at + 1] = point[1];
      rows[at + 2] = point[2];
      at += 3;
    }
  }
  return png(await promisify(deflate)(rows, { level: 6 }));
}

/** How much of a point an edge covers, so that edges are smooth. */
const within = (distance: number) => Math.min(1, Math.max(0, distance + 0.5));

function blend(under: Colour, over: Colour, part: number): Colour {
  if (part <= 0) return under;
  if (part >= 1) return over;
  const mix = (a: number, b: number) => Math.round(a + (b - a) * part);
  return [mix(under[0], over[0]), mix(under[1], over[1]), mix(under[2], over[2])];
}

/** Hue in degrees, saturation and lightness from 0 to 1 (CSS Color 4, section 7.1). */
function colour(hue: number, saturation: number, lightness: number): Colour {
  const part = (n: number) => {
    const k = (n + (((hue % 360) + 360) % 360) / 30) % 12;
    return Math.round(
      255 * (lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1))),
    );
  };
  return [part(0), part(8), part(4)];
}

/** PNG (W3C, third edition): signature, then chunks of length, type, data and checksum. 8-bit RGB, no filter. */
function png(pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(typed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}
