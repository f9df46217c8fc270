import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { referencePages, titleOf } from './site.ts'
import { Tab } from './tab.ts'

describe('the reference', () => {
  let tab: Tab
  beforeAll(async () => {
    tab = await Tab.open()
    await tab.visit(`${inject('site')}reference/api/`)
  })
  afterAll(() => tab[Symbol.asyncDispose]())

  /** Goes where a link leads: the site shows the page itself, without loading another document. */
  async function follow(path: string): Promise<void> {
    await tab.page.evaluate(`{
      const link = document.createElement('a')
      link.href = ${JSON.stringify(`/${path}`)}
      document.body.append(link)
      link.click()
      link.remove()
    }`)
    await tab.page.waitForFunction(`document.title === ${JSON.stringify(titleOf(path))}`)
    // Drawn.
    await tab.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
  }

  it.each(referencePages())('%s', async (path) => {
    await tab.resize('wide')
    await follow(path)
    const wide = await tab.overflow()
    await tab.resize('narrow')
    expect({ overflow: [wide, await tab.overflow()], faults: tab.faults() }).toEqual({ overflow: [0, 0], faults: [] })
  })
})
