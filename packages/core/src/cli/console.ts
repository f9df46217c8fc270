import { EventEmitter } from 'node:events'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createInterface } from 'node:readline'
import { Recoverable, type REPLEval, type REPLServer, type ReplOptions, start } from 'node:repl'
import { setImmediate } from 'node:timers/promises'
import type { ActiveAlchemy } from '../active-alchemy.js'
import type { Command } from './command.js'
import type { ExitCode } from './command-error.js'

export const consoleCommand: Command = {
  name: 'console',
  summary: 'Opens a console with the models and the database at hand.',
  about: [
    'JavaScript, with await: the models by their names, db, and the operators of db.op. What a line gives is awaited and shown: User.get(1).',
    'Each line is a scope: what it has written is kept when it ends, and undone when it throws; with --sandbox nothing is kept.',
    'Lines that are piped are run one after the other, up to one that throws.',
    'Lines that were typed are remembered in ~/.active_alchemy_history, or the file that ACTIVE_ALCHEMY_HISTORY names; in none if it is empty.',
    'Exit codes: 0 left; 1 a piped line has thrown.',
  ],
  options: { sandbox: { about: 'Undo all of it at the end.' } },
  async run({ db, options }) {
    const box = options.has('sandbox') ? await db.sandbox() : undefined
    try {
      return await (process.stdin.isTTY ? typed(db) : piped(db))
    } finally {
      await box?.rollback()
    }
  },
}

/** A console for somebody who types. */
async function typed(db: ActiveAlchemy): Promise<ExitCode> {
  const names = Object.keys(modelsOf(db))
  process.stdout.write(`${db.toJSON()}: ${names.length > 0 ? names.join(', ') : 'no models'}. .exit or Ctrl+D leaves.\n`)
  const lines = new Lines(db, { prompt: '> ', useGlobal: true })
  const { server } = lines
  const file = process.env['ACTIVE_ALCHEMY_HISTORY'] ?? join(homedir(), '.active_alchemy_history')
  if (file !== '') {
    await new Promise<void>((resolve) => {
      // A file that cannot be read is told by the console itself, which then remembers nothing.
      server.setupHistory(file, () => resolve())
    })
  }
  await new Promise((resolve) => server.once('exit', resolve))
  await lines.done()
  return 0
}

/** Runs the lines that another program writes, up to one that throws: that has been shown. */
async function piped(db: ActiveAlchemy): Promise<ExitCode> {
  // The console has no input of its own: a line is handed to it when the one before it has ended.
  const lines = new Lines(db, { prompt: '', input: new PassThrough(), output: process.stdout, terminal: false, useGlobal: true })
  const { server } = lines
  // Nobody is asked for more.
  Object.assign(server, { displayPrompt: () => undefined })
  let hasLeft = false
  server.once('exit', () => {
    hasLeft = true
  })
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      server.emit('line', line)
      await lines.done()
      if (lines.error) return 1
      // `.exit` leaves at the next turn.
      await setImmediate()
      if (hasLeft) break
    }
    return 0
  } finally {
    server.close()
  }
}

/** The lines of a console: each is a scope, and none begins before the one before it has ended. */
class Lines {
  /** What the last line has thrown. */
  error: { readonly cause: unknown } | undefined
  readonly server: REPLServer
  #last: Promise<void> = Promise.resolve()
  /** Ends the line that runs with what it has thrown, which the console has shown. */
  #thrown: ((error: unknown) => void) | undefined

  constructor(db: ActiveAlchemy, given: ReplOptions) {
    // From Node.js 26 on the console tells this function what it shows.
    const handleError = (error: unknown): 'print' => {
      this.#thrown?.(error)
      return 'print'
    }
    const options = { ...given, handleError }
    const server = start(options)
    this.server = server
    Object.assign(server.context, db.op, modelsOf(db), { db })
    const evaluate = server.eval
    const handle = server.rawListeners('line')
    server.removeAllListeners('line')
    // Up to Node.js 24 the console's domain is told, and shows, what is thrown before the first await.
    const found: unknown = Reflect.get(server, '_domain')
    const domain = found instanceof EventEmitter ? found : undefined
    /** Resolves when the line has been shown. */
    let ended = Promise.resolve()
    const inScope: REPLEval = (text, context, file, show) => {
      let isShown = false
      const work = (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const thrown = (error: unknown): void => {
            isShown = true
            reject(error)
          }
          domain?.once('error', thrown)
          this.#thrown = thrown
          evaluate.call(server, text, context, file, (error, value) => {
            domain?.off('error', thrown)
            this.#thrown = undefined
            if (error) reject(error)
            else resolve(value)
          })
        })
      ended = db.run(work, { label: 'console' }).then(
        (value) => {
          this.error = undefined
          show(null, value)
        },
        (cause) => {
          // One that goes on in the next line has thrown nothing.
          this.error = cause instanceof Recoverable ? undefined : { cause }
          if (!isShown) show(cause, undefined)
        },
      )
    }
    Object.assign(server, { eval: inScope })
    server.on('line', (line: string) => {
      this.#last = this.#last.then(() => {
        for (const each of handle) Reflect.apply(each, server, [line])
        return ended
      })
    })
  }

  /** Resolves when all lines so far have ended. */
  done(): Promise<void> {
    return this.#last
  }
}

/** The models by their names. */
function modelsOf(db: ActiveAlchemy): Record<string, unknown> {
  return Object.fromEntries(db.metadata.flatMap(({ name, target }) => (typeof target === 'function' ? [[name, target]] : [])))
}
