import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { expect, inject } from 'vitest'

const folder = fileURLToPath(new URL('../../docs/pictures', import.meta.url))

/** What a picture of the documents may weigh, in bytes. */
const most = 120_000

/**
 * Takes a picture of the head of a page for the documents, where pictures are asked for.
 *
 * @param name Of its file in `docs/pictures`.
 * @param size In pixels.
 */
export async function picture(page: Page, name: string, size: { readonly width: number; readonly height: number }): Promise<void> {
  if (!inject('takesScreenshots')) return
  await page.setViewportSize(size)
  const taken = await page.screenshot({ path: join(folder, `${name}.png`) })
  expect(taken.length).toBeLessThan(most)
}
