#!/usr/bin/env node
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
    return await command.run({ db: project.db, project, terminal, word, options })
  } finally {
    await project.db.close()
  }
}

try {
  terminal.exit(await main(process.argv.slice(2)))
} catch (error) {
  terminal.error(told(error))
  terminal.exit(error instanceof CommandError ? error.exitCode : 1)
}
