// Writes PNG files with a palette (PNG §11.2.2, color type 3). Pages of text have few colors, so these files have less than
// half the size of Chromium's own.
import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

// `rgba` has four bytes for each pixel, all of them opaque. With more than 256 colors, their lowest bits are dropped until
// they fit.
export function encode(width, height, rgba) {
  for (let bits = 0; bits < 6; bits += 1) {
    const mask = 0xff & (0xff << bits);
    const palette = new Map();
    const rows = Buffer.alloc((width + 1) * height);
    for (let pixel = 0; pixel < width * height && palette.size <= 256; pixel += 1) {
      const [red, green, blue] = [0, 1, 2].map((part) => rgba[pixel * 4 + part]);
      const key = ((red & mask) << 16) | ((green & mask) << 8) | (blue & mask);
      if (!palette.has(key)) palette.set(key, { index: palette.size, color: [red, green, blue] });
      // Each row begins with the number of its filter: none.
      rows[Math.floor(pixel / width) * (width + 1) + 1 + (pixel % width)] = palette.get(key).index;
    }
    if (palette.size > 256) continue;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 3, 0, 0, 0], 8);
    const colors = Buffer.from([...palette.values()].flatMap(({ color }) => color));
    return Buffer.concat([
      SIGNATURE, chunk("IHDR", header), chunk("PLTE", colors), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0)),
    ]);
  }
  throw new Error("the picture has too many colors");
}

// Takes a picture of a page or an element as a PNG file with a palette. Chromium decodes its own picture.
export async function takePicture(browser, target, options) {
  const data = (await target.screenshot(options)).toString("base64");
  const page = await browser.newPage();
  const { width, height, pixels } = await page.evaluate(async (base64) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const { width, height } = picture;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(picture, 0, 0);
    const bytes = context.getImageData(0, 0, width, height).data;
    let pixels = "";
    for (let at = 0; at < bytes.length; at += 8192) pixels += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { width, height, pixels: btoa(pixels) };
  }, data);
  await page.close();
  return encode(width, height, Buffer.from(pixels, "base64"));
}
