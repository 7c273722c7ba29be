/** Counts how bright the pixels of a picture are, away from the page's own thread. A small copy says as much as the whole. */
const BINS = 64;
const SIDE = 192;

export type HistogramRequest = string;
export type HistogramAnswer = { readonly url: string; readonly channels: readonly (readonly number[])[] | null };

self.onmessage = async ({ data: url }: MessageEvent<HistogramRequest>) => {
  self.postMessage({ url, channels: await count(url).catch(() => null) } satisfies HistogramAnswer);
};

/** Red, green and blue: the part of the fullest bin, 0 to 1, for each step of brightness. */
async function count(url: string): Promise<number[][] | null> {
  const response = await fetch(url);
  if (!response.ok) return null;
  const picture = await createImageBitmap(await response.blob(), { resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: 'low' });
  const draw = new OffscreenCanvas(SIDE, SIDE).getContext('2d', { willReadFrequently: true });
  if (!draw) return null;
  draw.drawImage(picture, 0, 0);
  picture.close();
  const { data } = draw.getImageData(0, 0, SIDE, SIDE);
  const channels = [0, 1, 2].map(() => new Array<number>(BINS).fill(0));
  for (let at = 0; at < data.length; at += 4) {
    channels.forEach((bins, channel) => {
      const bin = (data[at + channel] ?? 0) >> 2;
      bins[bin] = (bins[bin] ?? 0) + 1;
    });
  }
  // Black and white borders are left out of the scale: they would flatten everything else.
  const fullest = Math.max(1, ...channels.flatMap((bins) => bins.slice(1, -1)));
  return channels.map((bins) => bins.map((pixels) => Math.min(1, pixels / fullest)));
}
