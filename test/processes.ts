import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a program said, and how it ended. */
export interface Ended {
  readonly code: number
  readonly output: string
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Runs a program of Node in a process of its own. @param file From this folder. */
export function run(env: NodeJS.ProcessEnv, file: string, ...parameters: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path(file), ...parameters], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
    })
  })
}

/** Runs TypeORM's command line on the shop. */
export function typeorm(env: NodeJS.ProcessEnv, command: string, ...parameters: readonly string[]): Promise<Ended> {
  return run(env, '../node_modules/typeorm/cli.js', command, '-d', path('processes/data-source.js'), ...parameters)
}

/** Calls a method of the shop's database in `count` processes at once. @returns What each of them told. */
export async function atOnce(env: NodeJS.ProcessEnv, method: string, count = 2): Promise<object[]> {
  const children = Array.from({ length: count }, () => fork(path('processes/call.js'), [method], { env: { ...process.env, ...env } }))
  await Promise.all(children.map((child) => once(child, 'message')))
  return Promise.all(
    children.map(async (child) => {
      const told = once(child, 'message')
      const ended = once(child, 'exit')
      child.send('go')
      const [answer] = (await told) as [object]
      await ended
      return answer
    }),
  )
}
