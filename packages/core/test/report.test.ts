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

const failures: readonly ReportKind[] = [
  'commit-failed',
  'rollback-failed',
  'release-failed',
  'hook-failed',
  'scope-closed',
  'not-awaited',
  'timeout',
]
const hints: readonly ReportKind[] = ['veto', 'idle-in-transaction', 'unsaved-changes']

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

it('prints a hint of a route once, whatever URLs clients ask for', () => {
  const route = place()
  for (let id = 0; id < 300; id += 1) printReport({ kind: 'veto', label: `POST /items/${id}`, route, message: `/items/${id} was vetoed.` })
  expect(lines).toEqual([['warn', '[active-alchemy] /items/0 was vetoed.']])
})

it('prints a hint outside requests once for each text, whatever its numbers are', () => {
  const label = place()
  for (const rows of [1, 2, 3]) printReport({ kind: 'veto', label, message: `Lost ${rows} rows.` })
  printReport({ kind: 'veto', label, message: 'Lost notes.' })
  expect(lines).toHaveLength(2)
})

it('tells different hints about one place', () => {
  const label = place()
  for (const kind of hints) printReport({ kind, label, message: kind })
  expect(lines.map(([, text]) => text)).toEqual(hints.map((kind) => `[active-alchemy] ${kind}`))
})

it('keeps a bounded number of places, and is silent about hints of all others', () => {
  for (let id = 0; id < 2_000; id += 1)
    printReport({ kind: 'veto', label: 'POST', route: `POST /chosen-by-a-client-${id}`, message: 'Look.' })
  expect(lines.length).toBeLessThanOrEqual(500)
  lines.length = 0
  printReport({ kind: 'scope-closed', label: 'POST', message: 'It failed.' })
  expect(lines).toHaveLength(1)
})
