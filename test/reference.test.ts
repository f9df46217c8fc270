import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, it, vi } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')
const rows = page.split(/^### /m).flatMap((section) => {
  const [code = '', text = ''] = section.split(/\n([^]*)/)
  return [...text.matchAll(/^`(\w+)`/gm)].map(([, name = '']) => ({ code, name }))
})

it('the page of errors is what the source of their classes says', () => {
  execFileSync(process.execPath, [join(root, 'scripts/docs.mjs'), '--check'], { stdio: 'inherit' })
  expect(rows.length).toBeGreaterThan(40)
})

it('every code of the library is on the page', () => {
  const source = readFileSync(join(root, 'packages/core/src/errors.ts'), 'utf8')
  const union = /export type ErrorCode =([^;/]*)/.exec(source)?.[1] ?? ''
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code)
  expect(codes.filter((code) => !rows.some((row) => row.code === code))).toEqual([])
})

it('every code has the place on the page that its errors print', () => {
  const places = [...page.matchAll(/^<a id="(\w+)"><\/a>\n\n### (\w+)$/gm)].map(([, id, heading]) => ({ id, heading }))
  expect(places.filter(({ id, heading }) => id !== heading)).toEqual([])
  expect(places.map(({ id }) => id)).toEqual([...new Set(rows.map(({ code }) => code))])
})

it('what the page shows of an error makes it, which prints its place there, and tells no client', async () => {
  const { provoked, setting } = (await import(join(root, 'docs/reference/provoked.mjs'))) as {
    provoked: Record<string, string>
    setting: string
  }
  const folder = join(import.meta.dirname, '.provoked')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'provoked.mjs')
  const works = Object.entries(provoked).map(([code, text]) => `${code}: async () => {\n${text}\n},`)
  writeFileSync(file, `${setting}\nexport const works = {\n${works.join('\n')}\n}\nexport const end = () => db.close()\n`)
  const quiet = vi.spyOn(console, 'warn').mockReturnValue()
  const loud = vi.spyOn(console, 'error').mockReturnValue()
  try {
    const { works: made, end } = (await import(file)) as { works: Record<string, () => Promise<unknown>>; end: () => Promise<void> }
    const codes: Record<string, unknown> = {}
    for (const [code, work] of Object.entries(made)) {
      codes[code] = await work().then(
        () => 'no error',
        (error: { code?: unknown }) => {
          const place = `docs/reference/errors.md#${code}`
          expect([code, inspect(error).split(place).length, JSON.stringify(error).includes(place)]).toEqual([code, 2, false])
          return error.code
        },
      )
    }
    expect(codes).toEqual(Object.fromEntries(Object.keys(provoked).map((code) => [code, code])))
    await end()
  } finally {
    quiet.mockRestore()
    loud.mockRestore()
    rmSync(folder, { recursive: true })
  }
})

it('every error is provoked by a test that does what provokes it', () => {
  const texts = [import.meta.dirname, join(root, 'packages/core/test')]
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))
    // The others make errors by hand, or name their types.
    .filter((path) => path.endsWith('.ts') && !/test.types|declarations|(reference|errors|index)\.test\.ts$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
  const isProvoked = ({ code, name }: { code: string; name: string }): boolean =>
    new RegExp(`['"\`]${code}['"\`]|(?:InstanceOf|instanceof|any|toThrow)\\(?\\s*${name}\\b`).test(texts)
  expect(rows.filter((row) => !isProvoked(row))).toEqual([])
})
