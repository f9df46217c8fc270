import { commonOptions } from './arguments.js'
import type { Command, CommandOption } from './command.js'

/** The help of one command. */
export function helpOf(command: Command): string {
  const word = command.word === undefined ? '' : ` <${command.word}>`
  return [
    command.summary,
    '',
    `Usage: active-alchemy ${command.name}${word} [options]`,
    '',
    ...command.about,
    '',
    'Options:',
    ...optionLines({ ...command.options, ...commonOptions }),
  ].join('\n')
}

/** The help of all. */
export function help(commands: readonly Command[]): string {
  const titles = commands.map(({ name, word }) => (word === undefined ? name : `${name} <${word}>`))
  return [
    'Usage: active-alchemy <command> [options]',
    '',
    'Commands:',
    ...columns(titles.map((title, index) => [title, commands[index]?.summary ?? ''])),
    '',
    'Options of every command:',
    ...optionLines(commonOptions),
    '',
    'The database is the one that --db names, or the file active-alchemy.config.{js,mjs,cjs,ts}, or package.json:',
    '  "active-alchemy": { "db": "./src/db.js" }',
    '',
    'Exit codes: 0 done; 1 a problem, or migrations that have not run (status, check); 2 called wrongly.',
    'active-alchemy <command> --help tells more of one.',
  ].join('\n')
}

function optionLines(options: Readonly<Record<string, CommandOption>>): string[] {
  return columns(Object.entries(options).map(([name, { takes, about }]) => [`--${name}${takes ? ` <${takes}>` : ''}`, about]))
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
