import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environmentOf, programOf } from './debian-packages.ts'
import { answers, freePort, postgresUrl, type ProvidedServer } from './postgres.ts'

/** Starts a PgBouncer in transaction mode before the server of the tests. @returns `undefined` if there is none to start. */
export async function startPgBouncer(): Promise<ProvidedServer | undefined> {
  const program = programOf('usr/sbin/pgbouncer', ['pgbouncer', 'libevent-2.1-7', 'libc-ares2'])
  if (program === undefined) return undefined
  const { hostname, port: target } = new URL(postgresUrl())
  const home = mkdtempSync(join(tmpdir(), 'alchemy-pgbouncer-'))
  const port = await freePort()
  const settings = ['[databases]', `* = host=${hostname} port=${target} user=postgres`, '[pgbouncer]', 'listen_addr=127.0.0.1']
  settings.push(
    `listen_port=${port}`,
    'auth_type=any',
    'pool_mode=transaction',
    'default_pool_size=3',
    'max_client_conn=200',
    'unix_socket_dir=',
  )
  const file = join(home, 'pgbouncer.ini')
  writeFileSync(file, settings.join('\n'))
  chmodSync(home, 0o755)
  // Like PostgreSQL itself it refuses to run as root.
  const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : []
  // That user may not be able to enter the folder that the repository lies in.
  const unpacked = join(home, 'unpacked')
  const { root } = program
  if (root !== undefined) cpSync(join(root, 'usr'), join(unpacked, 'usr'), { recursive: true, verbatimSymlinks: true })
  const path = root === undefined ? program.path : program.path.replace(root, unpacked)
  const [command, ...parameters] = [...user, path, file]
  const env = root === undefined ? process.env : environmentOf(unpacked)
  const server = spawn(command, parameters, { stdio: 'ignore', cwd: home, env })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const deadline = Date.now() + 60_000
  while (!(await answers(url))) {
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('PgBouncer did not start')
    await sleep(50)
  }
  return {
    url,
    stop: async () => {
      server.kill('SIGTERM')
      await ended
      rmSync(home, { recursive: true })
    },
  }
}
