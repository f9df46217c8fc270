import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where `npm start` of each example begins. */
export const shops = {
  Express: 'examples/express/server.js',
  Fastify: 'examples/fastify/server.js',
  Koa: 'examples/koa/server.js',
  Nest: 'examples/nest/dist/server.js',
} as const

/** The example shop as its reader starts it: a process of its own, with a database of its own. */
export class ShopServer implements AsyncDisposable {
  readonly url: string
  readonly #stop: () => Promise<void>

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url
    this.#stop = stop
  }

  static async start(framework: keyof typeof shops): Promise<ShopServer> {
    const folder = mkdtempSync(join(tmpdir(), 'alchemy-shop-'))
    const env = { ...process.env, NODE_ENV: 'development', PORT: '0', DATABASE_URL: `sqlite:///${join(folder, 'shop.db')}` }
    const child = spawn(process.execPath, [shops[framework]], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(child, 'exit')
    const printed: string[] = []
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true })
    }
    createInterface(child.stderr).on('line', (line) => printed.push(line))
    for await (const line of createInterface(child.stdout)) {
      const [url] = /http:\S+$/.exec(line) ?? []
      if (url === undefined) continue
      child.stdout.resume()
      return new ShopServer(url, stop)
    }
    await stop()
    throw new Error(`The shop on ${framework} did not open:\n${printed.join('\n')}`)
  }

  /** What its interface for programs answers. */
  async json<T>(path: string, body?: object): Promise<T> {
    const options = body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const answer = await fetch(`${this.url}${path}`, options)
    return (await answer.json()) as T
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop()
  }
}
