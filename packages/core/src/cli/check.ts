import { catalogue } from '../drivers/catalogue.js'
import type { ServerFacts } from '../drivers/driver.js'
import { migrationHistory } from '../schema/migrations.js'
import { onOwnConnection } from '../schema/schema-lock.js'
import type { Call, Command } from './command.js'
import { floorOf, own, reaches, versionOf } from './packages.js'
import { counted } from './migrate.js'
import { told } from './told.js'

/** What was looked at, and what is wrong with it. */
interface Finding {
  readonly text: string
  readonly isWrong?: boolean
}

export const checkCommand: Command = {
  name: 'check',
  summary: 'Looks whether the models, the packages, the database and the pool fit each other.',
  about: [
    'A line for each: the definitions of the models, the versions of the packages, the connection, the size of the pool against',
    "the server's limit, and migrations that have not run. Nothing is changed.",
    'Exit codes: 0 all is well; 1 something is not.',
  ],
  async run(call) {
    let problems = 0
    const look = async (title: string, work: () => Finding | Promise<Finding>): Promise<boolean> => {
      const { text, isWrong = false } = await tried(work)
      call.terminal.line(`${title}: ${text}`, isWrong ? { word: 'problem', colour: 'red' } : { word: 'ok', colour: 'green' })
      if (isWrong) problems += 1
      return !isWrong
    }
    await look('models', () => models(call))
    await look('packages', () => packages(call))
    let server: ServerFacts | undefined
    const connects = await look('connection', async () => {
      const { dataSource } = call.db
      server = await onOwnConnection(dataSource, (runner) => dataSource.driver.serverFacts(runner))
      return { text: `${server.product}, ${call.db.toJSON()}` }
    })
    if (connects) {
      await look('pool', () => pool(call, server?.connectionLimit))
      await look('migrations', () => migrations(call))
    }
    call.terminal.line(problems === 0 ? 'All is well.' : `${problems} ${problems === 1 ? 'problem' : 'problems'}.`)
    return problems === 0 ? 0 : 1
  },
}

async function tried(work: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await work()
  } catch (error) {
    return { text: told(error), isWrong: true }
  }
}

function models({ db, project }: Call): Finding {
  const names = db.metadata.filter(({ tableType }) => tableType !== 'junction').map(({ name }) => name)
  if (names.length === 0) return { text: `none. Import the files of the models in ${project.shown(project.file)}.`, isWrong: true }
  return { text: `${names.length} (${names.join(', ')})` }
}

function packages({ db, project }: Call): Finding {
  const names = ['typeorm', 'luxon', catalogue[db.dataSource.driver.kind].packageName]
  const found = names.map((name) => ({ name, version: versionOf(name, project.root), floor: floorOf(name) }))
  const text = [
    `@active-alchemy/core ${String(own['version'])}`,
    ...found.map(({ name, version }) => `${name} ${version ?? '(not found)'}`),
  ]
  const old = found.filter(({ version, floor }) => version !== undefined && floor !== undefined && !reaches(version, floor))
  const needed = old.map(({ name, floor }) => `${name} must be ${floor} or newer: npm install ${name}@^${floor}.`)
  return { text: [`Node.js ${process.version}, ${text.join(', ')}.`, ...needed].join(' '), isWrong: old.length > 0 }
}

function pool({ db }: Call, limit: number | undefined): Finding {
  const { size } = db.dataSource.driver.pool
  const connections = `${size} ${size === 1 ? 'connection' : 'connections'}`
  if (limit === undefined) return { text: `${connections}; a file has no limit` }
  if (size > limit) {
    return { text: `${connections}, and the server takes ${limit} from this user. Set poolSize to ${limit} or less.`, isWrong: true }
  }
  const fit = Math.floor(limit / size)
  return { text: `${connections} of the server's ${limit}: room for ${fit} ${fit === 1 ? 'process' : 'processes'}` }
}

async function migrations({ db }: Call): Promise<Finding> {
  const { ran, pending } = await migrationHistory(db.dataSource)
  if (pending.length === 0) return { text: `${ran.length} ran, none pending` }
  const names = pending.map(({ name }) => name).join(', ')
  return { text: `${counted(pending.length)} pending (${names}). Run active-alchemy migrate.`, isWrong: true }
}
