#!/usr/bin/env node
import { makeApplication } from './application.js'
import { help, readArguments } from './arguments.js'
import { problemOf } from './folder.js'
import { own } from './own.js'
import { type Answers, ask, missing, settled } from './questions.js'
import { UsageError } from './usage-error.js'

async function main(given: readonly string[]): Promise<void> {
  const { folder, chosen, isSettled, asks } = readArguments(given)
  if (asks) {
    console.log(asks === 'help' ? help : own.version)
    return
  }
  refuse(folder)
  const answers = isSettled ? settled(folder, chosen) : await known(folder, chosen)
  refuse(answers.folder)
  const files = makeApplication(answers.folder, answers.chosen)
  const { framework, database, language } = answers.chosen
  console.log(`${answers.folder}: ${framework}, ${database}, ${language}; ${files.length} files. Now:\n`)
  const steps = [
    ...(answers.folder === '.' ? [] : [`cd ${answers.folder}`]),
    'npm install',
    ...(database === 'sqlite' ? [] : ['docker compose up --wait db   # or name another database in .env and .env.test']),
    'npm run migrate',
    'npm run dev',
  ]
  for (const step of steps) console.log(`  ${step}`)
}

/** What is not said is asked, where somebody is there to answer. */
async function known(folder: string | undefined, chosen: Answers['chosen'] | Partial<Answers['chosen']>): Promise<Answers> {
  const lacks = [...(folder === undefined ? ['the folder'] : []), ...missing(chosen)]
  if (lacks.length === 0) return settled(folder, chosen)
  if (process.stdin.isTTY) return ask(folder, chosen, process.stdin, process.stdout)
  throw new UsageError(`Nobody is there to ask: say ${lacks.join(', ')}, or --yes for what is usual. See create-active-alchemy --help.`)
}

function refuse(folder: string | undefined): void {
  const problem = folder === undefined ? undefined : problemOf(folder)
  if (problem !== undefined) throw new UsageError(problem, 1)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const isLeft = error instanceof Error && error.name === 'AbortError'
  if (isLeft) console.error('\nNothing was made.')
  else console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = isLeft ? 130 : error instanceof UsageError ? error.exitCode : 1
}
