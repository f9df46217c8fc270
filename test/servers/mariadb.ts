import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createConnection } from 'mysql2/promise'
import type { PrivateServer, ProvidedServer } from './postgres.ts'

/** Where the programs of a MariaDB are, and what they need to run there. */
interface Programs {
  readonly server: string
  readonly install: string
  readonly parameters: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const usual = 'mysql://root@127.0.0.1:3306/'
const cache = fileURLToPath(new URL('../../node_modules/.cache/active-alchemy/mariadb', import.meta.url))
/** Debian's packages of the server and of what it is linked with. */
const packages = ['mariadb-server-core', 'mariadb-client-core', 'mariadb-common', 'mysql-common', 'libaio1', 'libnuma1', 'liburing2']

/** A MariaDB server: the one that is named, else the one on its usual port, else one of our own. */
export async function provideMariadb(): Promise<ProvidedServer> {
  const named = process.env['ALCHEMY_MYSQL_URL']
  const stop = async (): Promise<void> => undefined
  if (named !== undefined) return { url: named, stop }
  if (await answers(usual)) return { url: usual, stop }
  return startMariadb()
}

/** Whether a query is answered within a second or so: an open port may be anybody's. */
async function answers(url: string): Promise<boolean> {
  try {
    const connection = await createConnection({ uri: url, connectTimeout: 1_000 })
    connection.on('error', () => undefined)
    try {
      await connection.query({ sql: 'select 1', timeout: 1_000 })
      return true
    } finally {
      connection.destroy()
    }
  } catch {
    return false
  }
}

/** Starts a server of our own on a free port, with its data in a temporary folder. @param settings As on its command line. */
export async function startMariadb(settings: readonly string[] = []): Promise<PrivateServer> {
  const { server, install, parameters, env } = installed() ?? downloaded() ?? missing()
  const home = mkdtempSync(join(tmpdir(), 'alchemy-mariadb-'))
  const data = join(home, 'data')
  // It refuses to run as root, but when told to.
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  // MariaDB deletes all temporary tables of its TMPDIR as it starts, those of another server too.
  const options = { env: { ...process.env, ...env, TMPDIR: home }, cwd: home }
  execFileSync(
    install,
    ['--no-defaults', ...parameters, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...user],
    { ...options, stdio: 'ignore' },
  )
  const port = await freePort()
  const url = `mysql://root@127.0.0.1:${port}/`
  let running: { readonly ended: Promise<unknown>; readonly kill: (signal: NodeJS.Signals) => void } | undefined

  const start = async (): Promise<void> => {
    const address = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(home, 'socket')}`, '--skip-name-resolve']
    const quick = ['--max-connections=300', '--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M']
    const all = ['--no-defaults', ...parameters, ...user, `--datadir=${data}`, ...address, ...quick, ...settings]
    const child = spawn(server, all, { ...options, stdio: 'ignore' })
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
    const atExit = (): void => kill('SIGKILL')
    process.once('exit', atExit)
    const ended = once(child, 'exit').finally(() => process.off('exit', atExit))
    running = { ended, kill }
    const deadline = Date.now() + 120_000
    while (!(await answers(url))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error('MariaDB did not start')
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
      await end('SIGTERM')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The server that is installed, if there is one. */
function installed(): Programs | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/libexec']
  const find = (...names: string[]): string | undefined =>
    folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path))
  const server = find('mariadbd')
  const install = find('mariadb-install-db')
  return server && install ? { server, install, parameters: [], env: {} } : undefined
}

/** Debian's packages, unpacked into a folder of ours: that needs no rights. */
function downloaded(): Programs | undefined {
  const root = join(cache, 'root')
  const server = join(root, 'usr/sbin/mariadbd')
  if (!existsSync(server)) {
    if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return undefined
    mkdirSync(root, { recursive: true })
    try {
      download()
      for (const file of readdirSync(cache).filter((name) => name.endsWith('.deb'))) {
        execFileSync('dpkg-deb', ['-x', join(cache, file), root], { stdio: 'ignore' })
      }
    } catch {
      rmSync(cache, { recursive: true, force: true })
      return undefined
    }
  }
  const libraries = readdirSync(join(root, 'usr/lib')).map((name) => join(root, 'usr/lib', name))
  return {
    server,
    install: join(root, 'usr/bin/mariadb-install-db'),
    parameters: [
      `--basedir=${join(root, 'usr')}`,
      `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
      `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
    ],
    env: { LD_LIBRARY_PATH: libraries.join(delimiter) },
  }
}

/** As root with one more try: a fresh machine has no list of packages. */
function download(): void {
  const fetch = (): unknown => execFileSync('apt-get', ['download', ...packages], { cwd: cache, stdio: 'ignore' })
  try {
    fetch()
  } catch {
    execFileSync('apt-get', ['update'], { stdio: 'ignore' })
    fetch()
  }
}

function missing(): never {
  throw new Error('MariaDB is missing: set ALCHEMY_MYSQL_URL, or run: apt-get install -y mariadb-server (npm run test:sqlite needs none)')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
