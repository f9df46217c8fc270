import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { transform } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
/** Beside the packages, where programs find them. */
const folder = join(import.meta.dirname, '.start')

/** The application of a page, and what is said to it: each line of curl, with the answer that the page shows. */
function partsOf(path: string): { program: string; talk: { path: string; body: string | undefined; shown: string }[] } {
  const text = readFileSync(join(root, path), 'utf8')
  const talk = text.matchAll(/^curl (?:--json '([^'\n]*)' )?localhost:3000(\S+)\n```\n\n```json\n(.*?)^```/gms)
  return {
    program: /^```[jt]s\n(.*?)^```/ms.exec(text)?.[1] ?? '',
    talk: [...talk].map(([, body, path = '', shown = '']) => ({ path, body, shown })),
  }
}

/** Moments differ from run to run. */
const steady = (json: string): unknown => JSON.parse(json.replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"now"'))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

describe('the pages that start', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([['README.md', 0], ...['express', 'fastify', 'koa', 'nest'].map((name) => [`docs/start/${name}.md`, 3] as const)] as const)(
    '%s: the program answers as it shows',
    async (page, count) => {
      const { program, talk } = partsOf(page)
      const { code } = await transform(program, { loader: 'ts', tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } })
      mkdirSync(folder, { recursive: true })
      const file = join(folder, `${basename(page, '.md')}.mjs`)
      writeFileSync(file, code)
      const empty = mkdtempSync(join(tmpdir(), 'alchemy-start-'))
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const child: ChildProcess = spawn(process.execPath, [file], {
        cwd: empty,
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      try {
        await expect.poll(() => fetch(`${url}/notes`).then(({ status }) => status), { timeout: 30_000 }).toBe(200)
        expect(talk).toHaveLength(count)
        for (const { path, body, shown } of talk) {
          const headers = { 'content-type': 'application/json' }
          const answer = await fetch(url + path, body === undefined ? {} : { method: 'POST', headers, body })
          expect(steady(await answer.text())).toEqual(steady(shown || '{}'))
        }
        expect(await (await fetch(`${url}/notes`)).json()).toMatchObject({ meta: { total: Math.min(count, 1) } })
      } finally {
        child.kill()
        if (child.exitCode === null) await once(child, 'exit')
        rmSync(empty, { recursive: true })
      }
    },
  )
})
