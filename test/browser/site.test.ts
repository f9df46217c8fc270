import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { referenceKinds, writtenPages } from './site.ts'
import { Tab } from './tab.ts'

/** What is in the theme, where no style of ours mends it. */
const ofTheTheme = [
  // A heading of the sidebar is a button, and has the arrow beside it as another one.
  'nested-interactive',
  // The button "Search" shows the keys that press it, which are no part of its name.
  'label-content-name-mismatch',
]

describe.each(['light', 'dark'] as const)('the site, %s', (colorScheme) => {
  // One visitor goes from page to page, so that what all of them need is loaded once.
  let tab: Tab
  beforeAll(async () => {
    tab = await Tab.open({ colorScheme })
  })
  afterAll(() => tab[Symbol.asyncDispose]())

  const all = [...writtenPages(), ...referenceKinds()]
  it.each(colorScheme === 'light' ? all : ['index.html', 'start/express.html', 'reference/errors.html'])('%s', async (path) => {
    await tab.resize('wide')
    expect(await tab.visit(`${inject('site')}${path}`)).toBe(200)
    const barriers = await tab.barriers(['serious', 'critical'], ofTheTheme)
    const wide = await tab.overflow()
    await tab.resize('narrow')
    expect({ barriers, overflow: [wide, await tab.overflow()], faults: tab.faults() }).toEqual({
      barriers: [],
      overflow: [0, 0],
      faults: [],
    })
  })
})
