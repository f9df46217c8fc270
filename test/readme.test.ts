import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

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

/** `page.total // 45`: the line is held to what it says. */
function held(text: string): string {
  const literal = /\[(?:[^a-z]|null|true|false)*?\]|-?\d[\d_.]*n?|true|false|null|'[^']*'/
  const line = new RegExp(`^(?!console|assert|const|return|import|export|//)(\\S[^=\\n]*?) // (${literal.source})(?=$|[,;:] )`, 'gm')
  return text.replace(line, (whole, value: string, expected: string) => `held(${value}, ${expected}) // ${JSON.stringify(whole)}`)
}

function blocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = '']) => text)
}

describe('the code in the READMEs', () => {
  const all = programs()

  beforeAll(() => {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of all) writeFileSync(join(folder, `${name}.ts`), `${held(text)}\nexport {}\n`)
    writeFileSync(join(folder, 'held.d.ts'), 'declare function held(value: unknown, expected: unknown): void\n')
    vi.stubGlobal('held', (value: unknown, expected: unknown) => expect(value).toEqual(expected))
    const compilerOptions = {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      noPropertyAccessFromIndexSignature: false,
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
    )
  })
  afterAll(() => {
    vi.unstubAllGlobals()
    rmSync(folder, { recursive: true })
  })

  it('compiles', () => {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder], { stdio: 'inherit' })
  })

  it.each(pages)('runs, and prints what it shows: the page on %s', async (name) => {
    const said: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => void said.push(format(...values)))
    const page: unknown = await import(join(folder, `${fileOf(name)}.ts`))
    expect(page).toBeDefined()
    vi.restoreAllMocks()
    // console.log(user.name) // Ada: and why
    const shown = [...(all.get(fileOf(name)) ?? '').matchAll(/console\.log\(.* \/\/ (.*)$/gm)].map(([, text = '']) => text)
    const isSaid = (text: string): boolean =>
      said.some((line) => text === line || text.startsWith(`${line}:`) || (text.endsWith('…') && line.startsWith(text.slice(0, -1).trim())))
    expect(shown.filter((text) => !isSaid(text))).toEqual([])
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
