#!/usr/bin/env node
import type { ActiveAlchemy } from '../active-alchemy.js'
import { readArguments } from './arguments.js'
import { CommandError, type ExitCode } from './command-error.js'
import { commands } from './commands.js'
import { help, helpOf } from './help.js'
import { own } from './packages.js'
import { Project } from './project.js'
import { Terminal } from './terminal.js'
import { told } from './told.js'

const terminal = new Terminal(process.stdout, process.stderr)

async function main(given: readonly string[]): Promise<ExitCode> {
  const { command, word, options } = readArguments(given, commands)
  if (options.has('version')) {
    terminal.raw(String(own['version']))
    return 0
  }
  if (options.has('help') || !command) {
    terminal.raw(command ? helpOf(command) : help(commands))
    return options.has('help') ? 0 : 2
  }
  const project = await Project.open(options.get('db'), options.get('env-file'))
  try {
    return await command.run({ db: boundIn(project.db, options.get('bind')), project, terminal, word, options })
  } finally {
    await project.db.close()
  }
}

/** The database, or one of its binds. @throws {CommandError} It has no such bind. */
function boundIn(db: ActiveAlchemy, key: string | undefined): ActiveAlchemy {
  const binds: Readonly<Record<string, ActiveAlchemy>> = db.binds
  const bound = key === undefined ? db : binds[key]
  if (bound) return bound
  const keys = Object.keys(binds)
  const there = keys.length === 0 ? 'It has none' : `It has ${keys.join(', ')}`
  throw new CommandError(`The database has no bind ${key}. ${there}.`, 2)
}

try {
  terminal.exit(await main(process.argv.slice(2)))
} catch (error) {
  terminal.error(told(error))
  terminal.exit(error instanceof CommandError ? error.exitCode : 1)
}
