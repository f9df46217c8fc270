import { parseArgs } from 'node:util'
import { type Choices, choices, topics } from './choices.js'
import { UsageError } from './usage-error.js'

/** What was typed. */
export interface Typed {
  readonly folder: string | undefined
  readonly chosen: Partial<Choices>
  /** Whether what was not said is what is usual. */
  readonly isSettled: boolean
  readonly asks: 'help' | 'version' | undefined
}

/** Reads what stands behind `create-active-alchemy`. @throws {UsageError} Something of it is unknown, missing or too much. */
export function readArguments(given: readonly string[]): Typed {
  const { values, positionals } = parsed(given)
  const [folder, ...more] = positionals
  if (more.length > 0) throw new UsageError(`One folder is made at a time, and ${positionals.join(', ')} are ${positionals.length}.`)
  for (const topic of topics) {
    const word = values[topic]
    const words = Object.keys(choices[topic].options)
    if (word !== undefined && !words.includes(word)) throw new UsageError(`--${topic} takes ${words.join(', ')}, and not ${word}.`)
  }
  const { framework, database, language, yes = false, help, version } = values
  return {
    folder,
    chosen: { ...(framework && { framework }), ...(database && { database }), ...(language && { language }) },
    isSettled: yes,
    asks: help ? 'help' : version ? 'version' : undefined,
  }
}

function parsed(given: readonly string[]) {
  try {
    return parseArgs({
      args: [...given],
      allowPositionals: true,
      options: {
        framework: { type: 'string' },
        database: { type: 'string' },
        language: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
  } catch (error) {
    const [said = ''] = error instanceof Error ? error.message.split(/\.? *(?:\n|$|\. )/) : []
    throw new UsageError(`${said.replaceAll("'", '')}. See create-active-alchemy --help.`)
  }
}

/** What `--help` says. */
export const help = [
  'Makes an application: models, a migration, routes, a test, a Dockerfile.',
  '',
  'Usage: npm create active-alchemy [folder] -- [options]',
  '',
  'Options:',
  ...topics.map((topic) => `  --${topic} <${Object.keys(choices[topic].options).join('|')}>`),
  '  --yes, -y      What is not said is the first of its words, and the folder my-app; nothing is asked.',
  '  --help, -h     This help.',
  '  --version, -v  The version.',
  '',
  'In a terminal it asks for what is not said. A folder with something in it is never touched.',
  'Exit codes: 0 made; 1 the folder is not empty, or cannot be written; 2 called wrongly.',
].join('\n')
