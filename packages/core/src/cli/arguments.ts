import { parseArgs } from 'node:util'
import { nearest } from '../nearest.js'
import type { Command, CommandOption } from './command.js'
import { CommandError } from './command-error.js'

/** What every command takes. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  db: { takes: 'path#export', about: 'The module that exports the database; without #export it is `db`, the default or the only one.' },
  bind: { takes: 'key', about: 'One of its binds, in place of the database itself.' },
  'env-file': { takes: 'path', about: 'A file of environment variables, read before the module.' },
  help: { about: 'This help.' },
  version: { about: 'The version of Active-Alchemy.' },
}

const short: Readonly<Record<string, string>> = { h: 'help', v: 'version' }

/** What was typed. */
export interface Typed {
  readonly command: Command | undefined
  readonly word: string | undefined
  readonly options: ReadonlyMap<string, string>
}

/** Reads what stands behind `active-alchemy`. @throws {CommandError} Something of it is unknown, missing or too much. */
export function readArguments(given: readonly string[], commands: readonly Command[]): Typed {
  const all = [commonOptions, ...commands.map(({ options = {} }) => options)]
  const texts = new Set(all.flatMap(Object.entries).flatMap(([name, { takes }]: [string, CommandOption]) => (takes ? [name] : [])))
  const { tokens } = parseArgs({
    args: [...given],
    strict: false,
    tokens: true,
    options: Object.fromEntries([...texts].map((name) => [name, { type: 'string' }])),
  })
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const [name, word, ...rest] = words
  const command = name === undefined ? undefined : commandNamed(name, commands)
  const known = { ...commonOptions, ...command?.options }
  const options = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = short[token.name] ?? token.name
    const { takes } = optionNamed(option, known, command)
    if (takes ? !token.value || token.value.startsWith('-') : token.value !== undefined) {
      throw new CommandError(takes ? `--${option} needs a value: --${option} <${takes}>.` : `--${option} takes no value.`, 2)
    }
    options.set(option, token.value ?? '')
  }
  if (rest.length > 0 || (word !== undefined && command?.word === undefined)) {
    const taken = command?.word === undefined ? 'no word' : `one word, <${command.word}>,`
    throw new CommandError(`active-alchemy ${command?.name} takes ${taken} behind it. See active-alchemy ${command?.name} --help.`, 2)
  }
  if (command?.word !== undefined && word === undefined && !options.has('help')) {
    throw new CommandError(`active-alchemy ${command.name} needs <${command.word}> behind it: active-alchemy ${command.name} AddAge.`, 2)
  }
  return { command, word, options }
}

function commandNamed(name: string, commands: readonly Command[]): Command {
  const found = commands.find((each) => each.name === name)
  if (found) return found
  const names = commands.map((each) => each.name)
  throw new CommandError(`There is no command ${name}.${question(nearest(name, names))} There are ${names.join(', ')}.`, 2)
}

function optionNamed(name: string, known: Readonly<Record<string, CommandOption>>, command: Command | undefined): CommandOption {
  const found = Object.hasOwn(known, name) ? known[name] : undefined
  if (found) return found
  const names = Object.keys(known)
  const meant = nearest(name, names)
  const whose = command ? `active-alchemy ${command.name}` : 'active-alchemy'
  const all = names.map((each) => `--${each}`).join(', ')
  throw new CommandError(`There is no option --${name}.${question(meant && `--${meant}`)} ${whose} takes ${all}.`, 2)
}

function question(meant: string | undefined): string {
  return meant === undefined ? '' : ` Did you mean ${meant}?`
}
