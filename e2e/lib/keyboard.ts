import { type Locator, type Page, expect } from '@playwright/test'

/** What has the focus is on the screen, and shows it: by a ring of its own or of the label around it. */
export async function focusSeen(page: Page): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(() => {
        const focused = document.activeElement
        if (!(focused instanceof HTMLElement) || focused === document.body) return 'nothing has the focus'
        // A dialog, a scrolled region or a play bar may hold the focus for what is in it.
        if (focused.tabIndex < 0 || focused instanceof HTMLMediaElement) return 'seen'
        const ring = (element: HTMLElement | null): boolean => {
          if (!element) return false
          const { outlineStyle, outlineWidth } = getComputedStyle(element)
          return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
        }
        const hasRing = ring(focused) || ring(focused.closest('label'))
        const box = (focused.closest('label') ?? focused).getBoundingClientRect()
        const isInSight = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth && box.width > 0
        return hasRing && isInSight ? 'seen' : `${focused.outerHTML.slice(0, 200)} ring: ${hasRing}, in sight: ${isInSight}`
      }),
    )
    .toBe('seen')
}

/** Presses Tab until `wanted`, once it is seen, has the focus. Each stop on the way must be seen; behind the last one the browser's own bar comes once. */
export async function tabTo(page: Page, wanted: Locator, most = 40): Promise<void> {
  // Nobody presses Tab in search of what is not there yet; an app that is just loading has no stop at all.
  await expect(wanted.filter({ visible: true })).not.toHaveCount(0)
  let hasLeft = false
  for (let stop = 0; stop < most; stop++) {
    if (await wanted.evaluateAll((all) => all.some((one) => one === document.activeElement))) return
    await page.keyboard.press('Tab')
    const isBehindTheLast = await page.evaluate(() => document.activeElement === document.body)
    if (isBehindTheLast && !hasLeft) hasLeft = true
    else await focusSeen(page)
  }
  expect(await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))).toBe(`${String(wanted)} within ${most} presses of Tab`)
}
