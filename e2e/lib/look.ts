import { type Locator, type Page, expect } from '@playwright/test'

/** Mean red, green and blue of 4 x 4 cells, row by row: enough to tell what is upside down, mirrored or off colour. */
export type Grid = number[]

export interface Shown {
  grid: Grid
  width: number
  height: number
}

/**
 * Teaches the page to read pictures as Chromium paints them. Runs before the page's own scripts; they cannot tell.
 */
export async function teachToLook(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.gridOf = (picture, width, height) => {
      const canvas = new OffscreenCanvas(64, 64)
      const draw = canvas.getContext('2d', { willReadFrequently: true })
      if (!draw) throw new Error('no canvas')
      draw.fillStyle = 'white'
      draw.fillRect(0, 0, 64, 64)
      draw.imageSmoothingQuality = 'high'
      draw.drawImage(picture, 0, 0, 64, 64)
      const { data } = draw.getImageData(0, 0, 64, 64)
      const grid = new Array<number>(48).fill(0)
      for (let at = 0; at < data.length; at += 4) {
        const cell = Math.floor(at / 4 / 64 / 16) * 4 + Math.floor(((at / 4) % 64) / 16)
        for (let channel = 0; channel < 3; channel++) grid[cell * 3 + channel]! += data[at + channel]! / 256
      }
      return { grid, width, height }
    }
  })
}

declare global {
  interface Window {
    gridOf: (picture: CanvasImageSource, width: number, height: number) => Shown
  }
}

/** How far the worst cell is off, in steps of 255; the best of several acceptable looks counts. */
export function difference(shown: Grid, looks: Grid[]): number {
  return Math.min(...looks.map((look) => Math.max(...look.map((value, at) => Math.abs(value - shown[at]!)))))
}

/** The previews of these items, as Chromium decodes them. */
export function previews(page: Page, items: { id: string; version: number }[]): Promise<Record<string, Shown>> {
  return page.evaluate(async (items) => {
    const seen: Record<string, Shown> = {}
    const waiting = [...items]
    const look = async () => {
      for (let item = waiting.shift(); item; item = waiting.shift()) {
        const answer = await fetch(`/api/v1/media/${item.id}/thumbnail?size=preview&v=${item.version}`)
        if (!answer.ok) continue
        const picture = await createImageBitmap(await answer.blob())
        seen[item.id] = window.gridOf(picture, picture.width, picture.height)
        picture.close()
      }
    }
    await Promise.all([look(), look(), look()])
    return seen
  }, items)
}

/** A tile as it stands in the timeline. */
export interface SeenTile {
  id: string
  /** Null: no picture, but the words that stand in its place. */
  thumb: Shown | null
  words: string
}

/** The tiles in the order in which they stand, and what is not there yet. */
function inSight(scroller: Locator): Promise<{ tiles: SeenTile[]; unfinished: string[] }> {
  return scroller.evaluate((one) => {
    const tiles = [...one.querySelectorAll<HTMLElement>('a[data-id]')]
      .map((tile) => ({ tile, image: tile.querySelector('img'), box: tile.getBoundingClientRect() }))
      .sort((a, b) => Math.round(a.box.top - b.box.top) || a.box.left - b.box.left)
      .map(({ tile, image }) => ({
        id: tile.dataset.id ?? '',
        thumb: image?.complete && image.naturalWidth > 0 ? window.gridOf(image, image.naturalWidth, image.naturalHeight) : null,
        words: tile.querySelector('.state')?.textContent?.trim() ?? '',
      }))
    // Space beyond the edge may wait until one comes near.
    const empty = [...one.querySelectorAll('.pending, .plain')].filter((box) => box.getBoundingClientRect().top < innerHeight)
    const unfinished = tiles.filter(({ thumb, words }) => thumb === null && words === '').map(({ id }) => id)
    return { tiles, unfinished: [...unfinished, ...empty.map((box) => box.outerHTML)] }
  })
}

/** Scrolls through the timeline from the top like a person, and notes every tile in the order in which they stand. */
export async function walkTimeline(page: Page): Promise<SeenTile[]> {
  const scroller = page.getByRole('region', { name: 'Photos' })
  await scroller.evaluate((one) => one.scrollTo({ top: 0 }))
  const seen = new Map<string, SeenTile>()
  for (;;) {
    let tiles: SeenTile[] = []
    // In place, and painted: what is in sight has its picture or says why not.
    await expect
      .poll(async () => {
        const sight = await inSight(scroller)
        tiles = sight.tiles
        return sight.unfinished
      })
      .toEqual([])
    for (const tile of tiles) if (!seen.has(tile.id)) seen.set(tile.id, tile)
    const isEnd = await scroller.evaluate((one) => {
      const before = one.scrollTop
      one.scrollBy({ top: one.clientHeight * 0.6 })
      return one.scrollTop === before
    })
    if (isEnd) return [...seen.values()]
  }
}
