import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { type Choices, choices, topics } from './choices.js'
import { problemOf } from './folder.js'

/** All that is to be known. */
export interface Answers {
  readonly folder: string
  readonly chosen: Choices
}

/**
 * Asks for what is not known yet: a number, a word or its beginning; Enter takes the first.
 *
 * @throws {Error} An `AbortError`: Ctrl+C, or the end of the input.
 */
export async function ask(folder: string | undefined, chosen: Partial<Choices>, input: Readable, output: Writable): Promise<Answers> {
  const lines = createInterface({ input, output })
  const ended = new AbortController()
  lines.once('SIGINT', () => ended.abort()).once('close', () => ended.abort())
  const line = async (question: string): Promise<string> => (await lines.question(question, { signal: ended.signal })).trim()

  async function askFolder(): Promise<string> {
    for (;;) {
      const said = (await line('Folder (my-app): ')) || 'my-app'
      const problem = problemOf(said)
      if (problem === undefined) return said
      output.write(`${problem}\n`)
    }
  }

  async function askChoice(topic: keyof Choices): Promise<string> {
    const { question, options } = choices[topic]
    const words = Object.keys(options)
    output.write(`${question}\n${words.map((word, index) => `  ${index + 1}. ${word}: ${options[word]}\n`).join('')}`)
    for (;;) {
      const said = (await line(`  1 to ${words.length} (1): `)).toLowerCase()
      const meant = words.filter((word, index) => (said === '' ? index === 0 : word.startsWith(said) || String(index + 1) === said))
      if (meant.length === 1 && meant[0] !== undefined) return meant[0]
    }
  }

  try {
    return {
      folder: folder ?? (await askFolder()),
      chosen: {
        framework: chosen.framework ?? (await askChoice('framework')),
        database: chosen.database ?? (await askChoice('database')),
        language: chosen.language ?? (await askChoice('language')),
      },
    }
  } finally {
    lines.close()
  }
}

/** What is usual, for all that was not said. */
export function settled(folder = 'my-app', chosen: Partial<Choices>): Answers {
  const usual = (topic: keyof Choices): string => chosen[topic] ?? Object.keys(choices[topic].options)[0] ?? ''
  return { folder, chosen: { framework: usual('framework'), database: usual('database'), language: usual('language') } }
}

/** What was not said, as the options that say it. */
export function missing(chosen: Partial<Choices>): string[] {
  return topics.filter((topic) => chosen[topic] === undefined).map((topic) => `--${topic}`)
}
