import axe, { type AxeResults, type ImpactValue } from 'axe-core'
import { type Browser, chromium, type Page, type Response } from 'playwright-core'
import { expect, inject } from 'vitest'

/** Widths at which each page is looked at: a telephone's, and a desk's. */
export const widths = { narrow: 360, wide: 1280 } as const

const height = 800

/** Who looks. */
export interface Visitor {
  /** @default 'wide' */
  readonly width?: keyof typeof widths
  /** @default 'light' */
  readonly colorScheme?: 'light' | 'dark'
  /** Whether scripts run. @default true */
  readonly javaScript?: boolean
}

let browser: Promise<Browser> | undefined

/** A tab of a visitor of its own: nothing is shared with another, and what the browser complains of is kept. */
export class Tab implements AsyncDisposable {
  readonly page: Page
  readonly #faults: string[] = []

  private constructor(page: Page) {
    this.page = page
    const note = (fault: string): void => void this.#faults.push(`${page.url()}: ${fault}`)
    page.on('pageerror', ({ message }) => note(message))
    // What the policy of a page forbids is said here, too. A file that is missing is told by its answer, below.
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning'
      if (isComplaint && !message.text().startsWith('Failed to load resource')) note(message.text())
    })
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? 'failed'
      // The browser itself gives up what a page was still fetching ahead when the visitor goes on to the next one.
      if (reason !== 'net::ERR_ABORTED' || request.isNavigationRequest()) note(`${request.url()}: ${reason}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400 && !response.request().isNavigationRequest()) note(`${response.url()} was answered ${response.status()}`)
    })
  }

  static async open({ width = 'wide', colorScheme = 'light', javaScript = true }: Visitor = {}): Promise<Tab> {
    browser ??= chromium.connect(inject('browser'))
    const context = await (await browser).newContext({
      viewport: { width: widths[width], height },
      colorScheme,
      javaScriptEnabled: javaScript,
      reducedMotion: 'reduce',
      locale: 'en',
    })
    // Below the time that a test has, so that what was waited for is named.
    context.setDefaultTimeout(50_000)
    return new Tab(await context.newPage())
  }

  /** Opens an address. @returns The status of its answer. */
  async visit(url: string): Promise<number | undefined> {
    return (await this.page.goto(url))?.status()
  }

  /** The answer that an action leads to: of a form that is sent, behind its redirections. */
  async answerOf(action: () => Promise<unknown>): Promise<Response> {
    const answered = this.page.waitForResponse(
      (response) => response.request().isNavigationRequest() && ![301, 302, 303, 307, 308].includes(response.status()),
    )
    const [answer] = await Promise.all([answered, this.page.waitForEvent('load'), action()])
    return answer
  }

  /** What the browser has complained of since this was last asked. */
  faults(): string[] {
    return this.#faults.splice(0)
  }

  /** Makes the window wider, or narrower. */
  resize(width: keyof typeof widths): Promise<void> {
    return this.page.setViewportSize({ width: widths[width], height })
  }

  /** Pixels by which the page is wider than what shows it. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  }

  /**
   * What makes the page hard to use for somebody, by axe: each with the first element that does.
   *
   * @param impacts How much it must matter. @default all
   * @param except Rules that are left out.
   */
  async barriers(impacts?: readonly ImpactValue[], except: readonly string[] = []): Promise<string[]> {
    await this.page.evaluate(axe.source)
    const rules = Object.fromEntries(except.map((rule) => [rule, { enabled: false }]))
    const options = JSON.stringify({ resultTypes: ['violations'], rules })
    const { violations } = await this.page.evaluate<AxeResults>(`axe.run(${options})`)
    return violations
      .filter(({ impact = null }) => !impacts || impacts.includes(impact))
      .map(({ id, help, nodes }) => `${id} (${help}): ${nodes.length} times, as ${nodes[0]?.html ?? ''}`)
  }

  /** Holds the page, as it stands, against what every page of ours keeps. */
  async expectGood(): Promise<void> {
    expect({ barriers: await this.barriers(), overflow: await this.overflow(), faults: this.faults() }).toEqual({
      barriers: [],
      overflow: 0,
      faults: [],
    })
  }

  /** Whether what a key does is done to this element. */
  hasFocus(selector: string): Promise<boolean> {
    return this.page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)
  }

  /** Presses the key Tab until an element has the focus. @returns Whether that is seen. */
  async reach(selector: string): Promise<boolean> {
    for (let presses = 0; presses < 100; presses++) {
      await this.page.keyboard.press('Tab')
      if (!(await this.hasFocus(selector))) continue
      return this.page.evaluate<boolean>(`getComputedStyle(document.activeElement).outlineStyle !== 'none'`)
    }
    throw new Error(`${selector} is not reached by keys`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}
