import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { blocks, compilePrograms, held, holdLines, unsaidBy, writePrograms } from './programs.ts'

const root = join(import.meta.dirname, '..')
const folder = join(import.meta.dirname, '.readme')
/** The pages of the documentation, of which each is one program. `start.test.ts` runs those that end with an application. */
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).flatMap((file) => {
  const isPage = file.endsWith('.md') && !/^(\.vitepress|decisions|reference|start\/(express|fastify|koa|nest))\b/.test(file)
  return isPage && blocks(readFileSync(join(root, 'docs', file), 'utf8')).length > 0 ? [file.slice(0, -3)] : []
})

/** The programs of the documents: pages, whose blocks go on from one another, and examples of READMEs, which stand alone. */
function programs(): Map<string, string> {
  const found = new Map<string, string>()
  found.set('first', blocks(readFileSync(join(root, 'README.md'), 'utf8'))[0] ?? '')
  for (const page of pages) found.set(fileOf(page), blocks(readFileSync(join(root, 'docs', `${page}.md`), 'utf8')).join('\n'))
  for (const name of ['express', 'fastify', 'koa', 'nest']) found.set(`start-${name}`, startIn(join(root, 'docs/start', `${name}.md`)))
  for (const name of readdirSync(join(root, 'packages'))) {
    blocks(readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')).forEach((text, index) =>
      found.set(`${name}-${index + 1}`, text),
    )
  }
  return found
}

/** The first program of a page that starts, with what the page says to change for TypeScript. */
function startIn(path: string): string {
  const text = readFileSync(path, 'utf8')
  const changes = [...text.matchAll(/^-(.*)\n\+(.*)$/gm)]
  const program = /^```[jt]s\n(.*?)^```/ms.exec(text)?.[1] ?? ''
  return changes.reduce((each, [, old = '', changed = '']) => each.replace(old, changed), program)
}

/** The name of a page's program. */
const fileOf = (page: string): string => page.replaceAll('/', '-')

describe('the code in the READMEs', () => {
  const all = programs()

  beforeAll(() => {
    writePrograms(folder, new Map(Array.from(all, ([name, text]) => [name, `${held(text)}\nexport {}\n`])))
    holdLines()
  })
  afterAll(() => {
    vi.unstubAllGlobals()
    rmSync(folder, { recursive: true })
  })

  it('compiles', () => compilePrograms(folder))

  it.each(pages)('runs, and prints what it shows: the page on %s', async (name) => {
    expect(await unsaidBy(join(folder, `${fileOf(name)}.ts`), all.get(fileOf(name)) ?? '')).toEqual([])
  })

  it.each(['express', 'fastify', 'koa', 'nest'])('runs: the first example of %s', async (adapter) => {
    const before = process.cwd()
    const empty = mkdtempSync(join(tmpdir(), 'alchemy-readme-'))
    // Its database is a file where it runs.
    process.chdir(empty)
    process.env['PORT'] = '0'
    try {
      await import(join(folder, `${adapter}-1.ts`))
      expect(readdirSync(empty)).toContain('app.db')
    } finally {
      process.chdir(before)
      rmSync(empty, { recursive: true })
    }
  })
})
