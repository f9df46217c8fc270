import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { printReport, type ReportKind } from '../src/scope/report.js'

const lines: [method: string, ...words: unknown[]][] = []
let places = 0

beforeEach(() => {
  lines.length = 0
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((...words) => void lines.push([method, ...(words as unknown[])]))
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** A place that no other test has told of. */
const place = (): string => `GET /place/${(places += 1)}`

const failures: readonly ReportKind[] = ['commit-failed', 'rollback-failed', 'release-failed', 'hook-failed']
const hints: readonly ReportKind[] = ['veto', 'scope-closed', 'idle-in-transaction', 'unsaved-changes']

describe.each(failures)('a failure of kind %s', (kind) => {
  it('is printed each time, with its error, also in production', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const error = new Error('broken')
    const label = place()
    for (let time = 0; time < 2; time += 1) printReport({ kind, label, error, message: 'It failed.' })
    expect(lines).toEqual([
      ['error', '[active-alchemy] It failed.', error],
      ['error', '[active-alchemy] It failed.', error],
    ])
  })

  it('is printed without an error where there is none', () => {
    printReport({ kind, label: place(), message: 'It failed.' })
    expect(lines).toEqual([['error', '[active-alchemy] It failed.']])
  })
})

describe.each(hints)('a hint of kind %s', (kind) => {
  it('is printed once for each place', () => {
    const [here, there] = [place(), place()]
    for (const label of [here, here, there, here]) printReport({ kind, label, message: `Look at ${label}.` })
    expect(lines).toEqual([
      ['warn', `[active-alchemy] Look at ${here}.`],
      ['warn', `[active-alchemy] Look at ${there}.`],
    ])
  })

  it('is not printed in production, and neither spends its one time there', () => {
    const label = place()
    vi.stubEnv('NODE_ENV', 'production')
    printReport({ kind, label, message: 'Look.' })
    expect(lines).toEqual([])
    vi.stubEnv('NODE_ENV', 'development')
    printReport({ kind, label, message: 'Look.' })
    expect(lines).toHaveLength(1)
  })
})

it('tells different hints about one place', () => {
  const label = place()
  for (const kind of hints) printReport({ kind, label, message: kind })
  expect(lines.map(([, text]) => text)).toEqual(hints.map((kind) => `[active-alchemy] ${kind}`))
})
