// The applications that `npm create active-alchemy` makes: each made, installed from the packed packages, built, tested and run.
// `npm run test:create`, or some of them: `npm run test:create -- nest`, `npm run test:create -- express sqlite ts + koa mysql js`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/core'
import { choices, topics } from '../packages/create-active-alchemy/dist/choices.js'
import { pack, root, run, step } from './packed.mjs'

/** What the words between two `+` choose: of each topic what is named, or all of it. @returns Lists of framework, language and databases. */
function chosenBy(words) {
  const [frameworks, databases, languages] = topics.map((topic) => {
    const all = Object.keys(choices[topic].options)
    return words.some((word) => all.includes(word)) ? all.filter((word) => words.includes(word)) : all
  })
  const unknown = words.filter((word) => ![...frameworks, ...databases, ...languages].includes(word))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}`)
  return frameworks.flatMap((framework) => languages.map((language) => ({ framework, language, databases })))
}
const rows = process.argv
  .slice(2)
  .join(' ')
  .split('+')
  .flatMap((words) => chosenBy(words.split(' ').filter(Boolean)))

const servers = {
  postgres: process.env.ALCHEMY_PG_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres',
  mysql: process.env.ALCHEMY_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/mysql',
}
const { utils } = new ActiveAlchemy('sqlite://')
const folder = mkdtempSync(join(tmpdir(), 'alchemy-create-'))
const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']
const manifestAt = (at) => JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'))
const check = (isSo, what) => {
  if (!isSo) throw new Error(what)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Where the databases of an application are: the one that it runs on, and that of its tests. */
function urisOf(name, database, at) {
  if (database === 'sqlite') return { own: `sqlite:///${at}/my-app.db`, test: 'sqlite:///:memory:' }
  const uri = (ending) => {
    const url = new URL(servers[database])
    url.pathname = `/create_${process.pid}_${name.replaceAll('-', '_')}${ending}`
    return String(url)
  }
  return { own: uri(''), test: uri('_test') }
}

/** Says in a file of variables where the database is, as its reader would. */
function pointTo(file, uri) {
  const text = readFileSync(file, 'utf8')
  check(/^DATABASE_URL=/m.test(text), `${file} names no database`)
  writeFileSync(file, text.replace(/^DATABASE_URL=.*$/m, `DATABASE_URL=${uri}`))
}

/** Installs an application from the tarballs; its drivers are those of every database, so that others can share them. */
function install(at, tarballs, framework, databases) {
  const { dependencies } = manifestAt(at)
  for (const own of ['core', framework]) {
    check(own === 'core' || dependencies[`@active-alchemy/${own}`], `${at} does not depend on ${own}`)
  }
  run('npm', ['install', ...quiet, '--ignore-scripts', '--prefer-offline', tarballs.core, tarballs[framework]], { cwd: at })
  const drivers = databases.flatMap((database) =>
    Object.entries(
      JSON.parse(readFileSync(join(root, `packages/create-active-alchemy/template/${database}/package.json`), 'utf8')).dependencies,
    ),
  )
  const others = drivers.filter(([name]) => !dependencies[name]).map((each) => each.join('@'))
  if (others.length > 0) run('npm', ['install', ...quiet, '--no-save', '--ignore-scripts', '--prefer-offline', ...others], { cwd: at })
  // The native part of better-sqlite3 was compiled by this checkout.
  const native = join(at, 'node_modules/better-sqlite3')
  if (!existsSync(native)) return
  rmSync(native, { recursive: true })
  cpSync(join(root, 'node_modules/better-sqlite3'), native, { recursive: true })
}

/** What the last stage of the Dockerfile holds, and how it starts. */
function image(at) {
  const to = join(at, 'image')
  const stage = readFileSync(join(at, 'Dockerfile'), 'utf8')
    .split(/^FROM /m)
    .at(-1)
  check(/^USER node$/m.test(stage), 'The container runs as root')
  for (const [, from, place] of stage.matchAll(/^COPY (?:--from=build )?(?:\/app\/)?(\S+) (\S+)$/gm)) {
    const target = join(to, place === './' ? from : place)
    mkdirSync(dirname(target), { recursive: true })
    if (from === 'node_modules') symlinkSync(join(at, from), target)
    else cpSync(join(at, from), target, { recursive: true })
  }
  return { at: to, command: JSON.parse(/^CMD (.*)$/m.exec(stage)[1]) }
}

/** A request of JSON. Its body is sent when `hold` has come to its end. */
async function send(method, url, body, hold) {
  const sent = request(url, { method, headers: { 'content-type': 'application/json', ...(hold ? { expect: '100-continue' } : {}) } })
  const answered = once(sent, 'response')
  // It may fail while it is held: whoever waits for the answer is told.
  answered.catch(() => undefined)
  if (hold) {
    sent.flushHeaders()
    await Promise.race([once(sent, 'continue'), answered])
    await hold()
  }
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = await answered
  let text = ''
  for await (const part of answer.setEncoding('utf8')) text += part
  return { status: answer.statusCode, body: text && JSON.parse(text) }
}

/** Starts it as its container would, asks it over HTTP, and stops it while it answers. */
async function use({ at, command: [, ...parameters] }, uri) {
  const port = await freePort()
  const env = { ...process.env, NODE_ENV: 'production', DATABASE_URL: uri, PORT: String(port) }
  const child = spawn(process.execPath, parameters, { cwd: at, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text))
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  try {
    let health
    while (!health && child.exitCode === null) {
      health = await send('GET', `${url}/health`).catch(() => undefined)
      if (!health) await new Promise((done) => setTimeout(done, 50))
    }
    check(health?.status === 200 && health.body.ok && health.body.pendingMigrations === 0, `The health is ${JSON.stringify(health)}`)
    const made = await send('POST', `${url}/projects`, { name: 'Garden' })
    const found = await send('GET', `${url}/projects/${made.body.id}`)
    const missing = await send('GET', `${url}/projects/7000000`)
    const seen = [made.status, found.status, found.body.name, found.body.tasks, missing.status, missing.body.code]
    check(JSON.stringify(seen) === '[201,200,"Garden",[],404,"RECORD_NOT_FOUND"]', `It answered ${JSON.stringify(seen)}`)
    const last = await send('POST', `${url}/projects`, { name: 'Orchard' }, async () => {
      child.kill('SIGTERM')
      // It listens no more, and has still one request.
      for (let isOpen = true; isOpen && child.exitCode === null && child.signalCode === null; ) {
        isOpen = await fetch(`${url}/health`, { headers: { connection: 'close' } }).then(
          () => true,
          () => false,
        )
        if (isOpen) await new Promise((done) => setTimeout(done, 20))
      }
    })
    check(last.status === 201, `The request under way was answered ${last.status}`)
    const [code, signal] = await exited
    check(code === 0 && signal === null, `It ended with ${code ?? signal}`)
    return last.body.id
  } catch (error) {
    throw new Error(`${error.message}\n${printed}`, { cause: error })
  } finally {
    child.kill('SIGKILL')
  }
}

/** All of one application. @param modules The packages of another one, or none: then they are installed. */
async function tryOut(create, tarballs, { framework, language, databases }, database, modules) {
  const name = `${framework}-${database}-${language}`
  const at = join(folder, name, 'my-app')
  mkdirSync(dirname(at))
  run(create, ['my-app', '--framework', framework, '--database', database, '--language', language], { cwd: dirname(at) })
  run(join(root, 'node_modules/.bin/biome'), ['format', '--config-path', root, '--vcs-enabled=false', join(at, 'src'), join(at, 'test')])
  if (modules) run('cp', ['-al', modules, at])
  else install(at, tarballs, framework, databases)
  const uris = urisOf(name, database, at)
  pointTo(join(at, '.env'), uris.own)
  pointTo(join(at, '.env.test'), uris.test)
  try {
    const tested = run('npm', ['test'], { cwd: at })
    check(/\b(?:pass 4)\b/.test(tested) && /\bfail 0\b/.test(tested), tested)
    await utils.createDatabase(uris.own)
    // What `npm run migrate` builds stands there already.
    const alchemy = (...words) => run('node_modules/.bin/active-alchemy', words, { cwd: at })
    const ran = modules ? alchemy('migrate') : run('npm', ['run', 'migrate'], { cwd: at })
    check(ran.includes('1 migration ran.'), ran)
    alchemy('migrate:generate', 'Again', '--check')
    await use(image(at), uris.own)
  } finally {
    if (database !== 'sqlite') for (const uri of Object.values(uris)) await utils.dropDatabase(uri)
  }
  return join(at, 'node_modules')
}

let failed = 0
try {
  const tarballs = await step('npm pack', () =>
    Object.fromEntries(pack(folder).map(({ name, tarball }) => [name.replace('@active-alchemy/', ''), tarball])),
  )
  const tool = join(folder, 'tool')
  mkdirSync(tool)
  await step('create-active-alchemy is installed', () => {
    writeFileSync(join(tool, 'package.json'), '{ "private": true }')
    run('npm', ['install', ...quiet, tarballs['create-active-alchemy']], { cwd: tool })
  })
  for (const row of rows) {
    let modules
    for (const database of row.databases) {
      const title = `${row.framework}, ${database}, ${row.language}`
      try {
        await step(`${title}${modules ? '' : ', npm install'}`, async () => {
          modules = await tryOut(join(tool, 'node_modules/.bin/create-active-alchemy'), tarballs, row, database, modules)
        })
      } catch (error) {
        failed += 1
        console.error(`FAILED ${title}: ${error.message}`)
      }
    }
  }
} finally {
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
