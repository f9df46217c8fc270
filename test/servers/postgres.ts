import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** A server that tests may use. */
export interface ProvidedServer {
  readonly url: string
  /** Ends what was started; a server that was found stays. */
  stop(): Promise<void>
}

/** A server of ours, that a test may kill. */
export interface PrivateServer extends ProvidedServer {
  /** Ends the server without a word, as a lost machine would. */
  kill(): Promise<void>
  start(): Promise<void>
}

const installed = '/usr/lib/postgresql'
const usual = 'postgresql://postgres@127.0.0.1:5432/postgres'

/** The server that tests use, once it is provided. */
export function postgresUrl(): string {
  return process.env['ALCHEMY_PG_URL'] ?? usual
}

/** A PostgreSQL server: one of our own where `ALCHEMY_PG_BIN` names its programs, else the one that is named, or on its usual port, or of our own. */
export async function providePostgres(): Promise<ProvidedServer> {
  const named = process.env['ALCHEMY_PG_URL']
  const stop = async (): Promise<void> => undefined
  if (process.env['ALCHEMY_PG_BIN'] !== undefined) return startPostgres()
  if (named !== undefined) return { url: named, stop }
  if (await answers(usual)) return { url: usual, stop }
  if (binaries()) return startPostgres()
  throw new Error('PostgreSQL is missing: set ALCHEMY_PG_URL, or run: apt-get install -y postgresql (npm run test:sqlite needs none)')
}

/** Whether a query is answered within a second or so: an open port may be anybody's. */
export async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000, query_timeout: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Folder of the programs: the one that is named, else that of the newest installed version. */
function binaries(): string | undefined {
  const named = process.env['ALCHEMY_PG_BIN']
  if (named !== undefined) return named
  const versions = existsSync(installed) ? readdirSync(installed).sort((one, other) => Number(other) - Number(one)) : []
  return versions.map((version) => join(installed, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

/** Starts a server of our own on a free port, with its data in a temporary folder. @param own Settings, as `name=value`. */
export async function startPostgres(own: readonly string[] = []): Promise<PrivateServer> {
  const folder = binaries()
  if (!folder) throw new Error(`There is no PostgreSQL in ${installed}`)
  const home = mkdtempSync(join(tmpdir(), 'alchemy-pg-'))
  const data = join(home, 'data')
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const user = ['--reuid=postgres', '--regid=postgres', '--clear-groups']
  const command = (program: string, parameters: string[]): [string, string[]] =>
    isRoot ? ['setpriv', [...user, join(folder, program), ...parameters]] : [join(folder, program), parameters]
  if (isRoot) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
    chownSync(home, id('-u'), id('-g'))
  }
  execFileSync(...command('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8']), {
    stdio: 'ignore',
    cwd: home,
  })
  const port = await freePort()
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  let running: { readonly ended: Promise<void>; kill(signal: NodeJS.Signals): void } | undefined

  const start = async (): Promise<void> => {
    const settings = ['fsync=off', 'unix_socket_directories=', 'max_connections=200', ...own]
    const parameters = ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
    const server = spawn(...command('postgres', parameters), { stdio: 'ignore', cwd: home })
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
    running = { ended, kill: (signal) => void server.kill(signal) }
    const deadline = Date.now() + 120_000
    while (!(await answers(url))) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error('PostgreSQL did not start')
      await sleep(50)
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running?.kill(signal)
    await running?.ended
    running = undefined
  }
  await start()
  return {
    url,
    start,
    kill: () => end('SIGKILL'),
    stop: async () => {
      // The fast way: it ends sessions, and leaves the data whole.
      await end('SIGINT')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** A port of loopback that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('There is no free port'))))
    })
  })
}
