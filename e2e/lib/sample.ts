import type { Page } from '@playwright/test'

/** A JPEG made by the browser: real, and different for every seed. */
export async function jpeg(page: Page, seed: number, width = 640, height = 480): Promise<Buffer> {
  const base64 = await page.evaluate(
    ([seed, width, height]) => {
      const canvas = document.createElement('canvas')
      canvas.width = width
      canvas.height = height
      const draw = canvas.getContext('2d')
      if (!draw) throw new Error('no canvas')
      const gradient = draw.createLinearGradient(0, 0, width, height)
      gradient.addColorStop(0, `hsl(${(seed * 47) % 360} 70% 60%)`)
      gradient.addColorStop(1, `hsl(${(seed * 47 + 90) % 360} 70% 30%)`)
      draw.fillStyle = gradient
      draw.fillRect(0, 0, width, height)
      draw.fillStyle = 'white'
      draw.font = '72px sans-serif'
      draw.fillText(String(seed), 40, 120)
      return canvas.toDataURL('image/jpeg', 0.9).split(',')[1] ?? ''
    },
    [seed, width, height] as const,
  )
  return Buffer.from(base64, 'base64')
}
