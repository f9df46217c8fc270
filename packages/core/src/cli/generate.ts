import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { migrationHistory } from '../schema/migrations.js'
import { schemaDifference } from '../schema/tables.js'
import type { Call, Command } from './command.js'
import { CommandError } from './command-error.js'
import { type Language, migrationText } from './migration-file.js'
import { counted } from './migrate.js'

export const generateCommand: Command = {
  name: 'migrate:generate',
  word: 'name',
  summary: 'Writes a migration of what the models say and the database has not.',
  about: [
    'TypeScript or JavaScript, an ES module or CommonJS, by what the project is; into the folder of `typeorm: { migrations }`.',
    'Nothing is changed in the database, and nothing is written where there is no difference.',
    'Exit codes: 0 written, or no difference; 1 migrations have not run, or it has failed; with --check 1 where there is a difference.',
  ],
  options: {
    dir: { takes: 'folder', about: 'Where to write it.' },
    ts: { about: 'Write TypeScript.' },
    js: { about: 'Write JavaScript.' },
    check: { about: 'Write nothing; exit code 1 where there is a difference.' },
  },
  async run(call) {
    const { db, project, terminal, options } = call
    const className = classNameOf(call.word ?? '')
    const { dataSource } = db
    if (db.metadata.length === 0) {
      throw new CommandError(`${project.shown(project.file)} knows no model. Import the files of the models there.`)
    }
    const { ran, pending } = await migrationHistory(dataSource)
    if (pending.length > 0) {
      const names = pending.map(({ name }) => name).join(', ')
      throw new CommandError(
        `${counted(pending.length)} pending (${names}): what they do would be written again. Run active-alchemy migrate first.`,
      )
    }
    const difference = await schemaDifference(dataSource)
    if (difference.up.length === 0) {
      terminal.line('The database has what the models say: nothing to write.')
      return 0
    }
    if (options.has('check')) {
      for (const { query } of difference.up) terminal.line(query)
      return 1
    }
    const latest = Math.max(0, ...ran.map(({ name }) => Number(name.slice(-13)) || 0))
    const time = Math.max(Date.now(), latest + 1)
    const { folder, language } = place(call)
    const path = join(folder, `${time}-${className}.${language === 'typescript' ? 'ts' : 'js'}`)
    await mkdir(folder, { recursive: true })
    await writeFile(path, migrationText(`${className}${time}`, difference, language), { flag: 'wx' })
    terminal.line(
      `${project.shown(path)}: ${difference.up.length} ${difference.up.length === 1 ? 'statement' : 'statements'}. Read it before it runs.`,
      { word: 'written', colour: 'green' },
    )
    if (patternsOf(call).length === 0) {
      terminal.line(`The database loads no migrations yet: typeorm: { migrations: ['${project.shown(folder)}/*.js'] }.`)
    }
    return 0
  },
}

/** `add-age` is `AddAge`. */
function classNameOf(word: string): string {
  const name = word
    .split(/[-_ ]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
  if (/^[A-Za-z]\w{0,99}$/.test(name)) return name
  throw new CommandError(`The name of a migration is letters and digits, as AddAge or add-age. A folder is given by --dir.`, 2)
}

/** Files of migrations, as the database loads them. */
function patternsOf({ db }: Call): string[] {
  const given: unknown = db.dataSource.options.migrations ?? []
  return Object.values(typeof given === 'object' && given !== null ? given : {}).filter((each) => typeof each === 'string')
}

/** Where the file goes, and in which language. */
function place(call: Call): { readonly folder: string; readonly language: Language } {
  const { project, options } = call
  const [pattern = 'migrations/*'] = patternsOf(call)
  const fixed = pattern.split(/[\\/]/).slice(0, -1)
  const wild = fixed.findIndex((part) => /[*?[{(!]/.test(part))
  const loaded = resolve(project.root, (wild < 0 ? fixed : fixed.slice(0, wild)).join('/') || '.')
  const folder = options.has('dir') ? resolve(project.root, options.get('dir') ?? '') : project.sourceOf(loaded)
  const isTyped = options.has('ts') || (project.isTypeScript && !options.has('js'))
  return { folder, language: isTyped ? 'typescript' : project.isModule(folder) ? 'module' : 'commonjs' }
}
