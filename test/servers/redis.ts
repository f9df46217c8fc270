import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environmentOf, programOf } from './debian-packages.ts'
import { freePort } from './postgres.ts'

/** A Redis of its own. */
export interface RedisServer {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a Redis that keeps nothing. @throws {Error} There is none to start. */
export async function startRedis(): Promise<RedisServer> {
  const program = programOf('usr/bin/redis-server', [
    'redis-server',
    'redis-tools',
    'libjemalloc2',
    'liblzf1',
    'libatomic1',
    'liblua5.1-0',
    'lua-cjson',
    'lua-bitop',
  ])
  if (!program) throw new Error('Redis is missing, and Debian has none here: run apt-get install -y redis-server')
  const home = mkdtempSync(join(tmpdir(), 'alchemy-redis-'))
  const port = await freePort()
  const env = program.root === undefined ? process.env : environmentOf(program.root)
  const parameters = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', home]
  const server = spawn(program.path, parameters, { stdio: 'ignore', env })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const deadline = Date.now() + 60_000
  while (!(await listens(port))) {
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('Redis did not start')
    await sleep(50)
  }
  return {
    port,
    stop: async () => {
      server.kill('SIGTERM')
      await ended
      rmSync(home, { recursive: true })
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (isListening: boolean) => (): void => {
      socket.destroy()
      resolve(isListening)
    }
    socket.once('connect', end(true)).once('error', end(false))
  })
}
