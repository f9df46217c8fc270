import { expect, it } from 'vitest'
import { readArguments } from '../src/cli/arguments.js'
import { commands } from '../src/cli/commands.js'
import { help, helpOf } from '../src/cli/help.js'

it.each([
  ['mirgate', 'There is no command mirgate. Did you mean migrate?'],
  ['status --envfile x', 'There is no option --envfile. Did you mean --env-file?'],
  ['status --check', 'There is no option --check. active-alchemy status takes --db'],
  ['status x', 'active-alchemy status takes no word behind it.'],
  ['status --db', '--db needs a value: --db <path#export>.'],
  ['status --db --help', '--db needs a value'],
  ['status --help=x', '--help takes no value.'],
  ['migrate:generate', 'active-alchemy migrate:generate needs <name> behind it'],
  ['migrate:generate a b', 'active-alchemy migrate:generate takes one word, <name>, behind it.'],
])('active-alchemy %s is called wrongly', (words, message) => {
  const read = (): unknown => readArguments(words.split(' '), commands)
  expect(read).toThrow(expect.objectContaining({ message: expect.stringContaining(message) as unknown, exitCode: 2 }))
})

it('reads the command, its word and the options, in any order', () => {
  const { command, word, options } = readArguments(['--db=a.js', 'migrate:generate', '--check', 'AddAge', '--dir', 'b'], commands)
  expect([command?.name, word, [...options]]).toEqual([
    'migrate:generate',
    'AddAge',
    [
      ['db', 'a.js'],
      ['check', ''],
      ['dir', 'b'],
    ],
  ])
  expect(readArguments(['migrate:generate', '-h'], commands).options.has('help')).toBe(true)
})

it('has help for all commands and for each, with its exit codes', () => {
  for (const command of commands) {
    expect(help(commands)).toContain(`  ${command.name} `)
    expect(help(commands)).toContain(command.summary)
    const own = helpOf(command)
    expect(own).toContain(`Usage: active-alchemy ${command.name}`)
    expect(own).toContain('Exit codes: 0 ')
    for (const name of ['db', 'help', ...Object.keys(command.options ?? {})]) expect(own).toContain(`  --${name} `)
  }
})
