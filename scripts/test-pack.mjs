// The packages as a user gets them: linted, packed, installed into empty projects, and the first example of the README run in each.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { libraries, pack, packages, root, run, step } from './packed.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const example = /^```ts\n(.*?)^```/ms.exec(readme)[1]
/** Luxon's types are there without being asked for: without them a moment would be `any`, and this would compile. */
const moments = `import { ActiveAlchemy, DateTime } from '@active-alchemy/express'
class Note extends new ActiveAlchemy('sqlite://').Model('Note', {}) {}
// @ts-expect-error a moment has no such method
export const wrong = (note: Note) => note.createdAt.nonsense()
export const right = (note: Note): number => DateTime.utc().diff(note.createdAt).toMillis()
`
const folder = mkdtempSync(join(tmpdir(), 'alchemy-pack-'))

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

/** Starts a file, writes a note over HTTP, reads it back. */
async function useExample(project, file) {
  const port = await freePort()
  const child = spawn(process.execPath, [file], {
    cwd: project,
    env: { ...process.env, PORT: String(port), NODE_ENV: 'test' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const url = `http://127.0.0.1:${port}/notes`
    let answer
    for (let time = 0; !answer && time < 200 && child.exitCode === null; time++) {
      answer = await fetch(url).catch(() => undefined)
      if (!answer) await new Promise((done) => setTimeout(done, 50))
    }
    if (!answer) throw new Error(`${file} does not answer`)
    const headers = { 'content-type': 'application/json' }
    const made = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ text: 'packed' }) })
    const refused = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ text: { $gt: '' } }) })
    const page = await (await fetch(url)).json()
    const seen = [made.status, refused.status, page.meta.total, page.items[0]?.text]
    if (JSON.stringify(seen) !== JSON.stringify([201, 422, 1, 'packed'])) throw new Error(`${file} answered ${JSON.stringify(seen)}`)
  } finally {
    child.kill()
    await new Promise((done) => (child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done()))
  }
}

/**
 * What a document tells to do in an empty folder, in its order: files to save, and commands.
 *
 * A file is named by "as `app.js`" or "`tsconfig.json`:" before its block; where no block follows, it is the program so far.
 */
function stepsOf(markdown) {
  const [, text = ''] = /From an empty folder(.*?)(?:In a clone of|$)/s.exec(markdown) ?? []
  const steps = []
  let program = example
  let name
  const save = (content) => {
    if (name !== undefined) steps.push({ file: name, text: content })
    name = undefined
  }
  for (const [, language, block, saved, started] of text.matchAll(
    /```(\w+)\n(.*?)^```|(?:as |^)`((?:src\/)?\w+\.(?:js|ts|json))`|Run it by `(.*?)`/gms,
  )) {
    if (saved !== undefined) name = saved
    else if (started !== undefined) steps.push({ command: started })
    else if (language === 'sh') {
      save(program)
      const commands = block.split(/\n| && (?=node )/).filter((line) => line !== '' && !line.startsWith('curl'))
      steps.push(...commands.map((line) => (line.startsWith('# save') ? { file: 'app.js', text: program } : { command: line })))
    } else if (language === 'diff') {
      const changes = [...block.matchAll(/^-(.*)\n\+(.*)$/gm)]
      save(changes.reduce((each, [, old, changed]) => each.replace(old, changed), program))
    } else {
      if (language !== 'json') program = block
      save(block)
    }
  }
  return steps
}

/** The native part of better-sqlite3 was compiled by this checkout; a second time would show nothing and take minutes. */
function takeCompiled(project) {
  const own = join(project, 'node_modules', 'better-sqlite3')
  rmSync(own, { recursive: true })
  cpSync(join(root, 'node_modules', 'better-sqlite3'), own, { recursive: true })
}

/** An empty project with the tarballs, as `npm install` makes it. */
function project(name, type, tarballs) {
  const at = join(folder, name)
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name, private: true, ...(type ? { type } : {}) }))
  const version = (each) => `${each}@${manifest.devDependencies[each].replace('npm:', '')}`
  run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      ...Object.values(tarballs),
      ...['express', '@types/express', '@types/node', 'typeorm', 'luxon', 'typescript', 'better-sqlite3', 'esbuild'].map(version),
    ],
    { cwd: at },
  )
  takeCompiled(at)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    outDir: 'out',
    rootDir: '.',
  }
  writeFileSync(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  writeFileSync(join(at, 'app.ts'), example)
  writeFileSync(join(at, 'moments.ts'), moments)
  run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: at })
  return at
}

try {
  for (const name of packages) {
    await step(`publint ${name}`, () => run(bin('publint'), ['--strict', join('packages', name)]))
    if (!libraries.includes(name)) continue
    await step(`are the types wrong: ${name}`, () => run(bin('attw'), ['--profile', 'esm-only', '--pack', join('packages', name)]))
  }
  let tarballs
  await step('npm pack', () => {
    const packed = pack(folder)
    tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name.split('/')[1], tarball]))
    for (const { name, paths } of packed) {
      const own = libraries.includes(name.split('/').at(-1))
        ? ['AGENTS.md', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts']
        : ['dist/main.js', 'dist/javascript/common/src/server.js', 'template/common/src/server.ts', 'template/common/_gitignore']
      for (const needed of ['LICENSE', 'README.md', ...own]) {
        if (!paths.includes(needed)) throw new Error(`${name} lacks ${needed}`)
      }
      const isApplication = (path) => path.startsWith('template/') || path.startsWith('dist/javascript/')
      const stray = paths.filter((path) => /\btests?\b|tsbuildinfo/.test(path) && !isApplication(path))
      if (stray.length > 0) throw new Error(`${name} holds ${stray.join(', ')}`)
      // The sources stand in `src`: a map that holds them again would double them.
      const folder = join(root, 'packages', name.split('/').at(-1))
      for (const path of paths.filter((each) => each.endsWith('.map'))) {
        const { sources, sourcesContent } = JSON.parse(readFileSync(join(folder, path), 'utf8'))
        if (sourcesContent) throw new Error(`${name}: ${path} holds its sources`)
        const missing = sources.filter((each) => !paths.includes(relative(folder, join(folder, dirname(path), each))))
        if (missing.length > 0) throw new Error(`${name}: ${path} is of ${missing.join(', ')}, which is not packed`)
      }
    }
  })
  const documents = ['README.md', ...['express', 'fastify', 'koa', 'nest'].map((name) => `docs/start/${name}.md`)]
  for (const document of documents) {
    await step(`what ${document} types in an empty folder`, async () => {
      const at = join(folder, document.replaceAll('/', '-'))
      mkdirSync(join(at, 'src'), { recursive: true })
      for (const { file, text, command } of stepsOf(readFileSync(join(root, document), 'utf8'))) {
        if (file !== undefined) writeFileSync(join(at, file), text)
        else if (command.startsWith('node ')) {
          takeCompiled(at)
          rmSync(join(at, 'notes.db'), { force: true })
          await useExample(at, command.slice('node '.length))
        } else {
          const line = command.replace(/@active-alchemy\/(\w+)/, (_, name) => [tarballs.core, tarballs[name]].join(' '))
          const env = { ...process.env, npm_config_ignore_scripts: 'true', npm_config_prefer_offline: 'true' }
          run('bash', ['-c', line], { cwd: at, env })
        }
      }
    })
  }
  let esm
  await step('an ES module project', async () => {
    esm = project('esm', 'module', tarballs)
    await useExample(esm, 'out/app.js')
  })
  await step('its command line', () => {
    writeFileSync(
      join(esm, 'shop.js'),
      `import { ActiveAlchemy } from '@active-alchemy/core'\nexport const db = new ActiveAlchemy('sqlite://')\n`,
    )
    const told = run(join(esm, 'node_modules/.bin/active-alchemy'), ['status', '--db', 'shop.js'], { cwd: esm })
    if (told !== '0 ran, 0 pending.\n') throw new Error(`active-alchemy status said ${told}`)
  })
  await step('a CommonJS TypeScript project', async () => {
    const cjs = project('cjs', undefined, tarballs)
    if (!readFileSync(join(cjs, 'out/app.js'), 'utf8').includes('require(')) throw new Error('The project is not CommonJS')
    await useExample(cjs, 'out/app.js')
  })
  await step('bundled and minified by esbuild', async () => {
    rmSync(join(esm, 'notes.db'))
    run(
      process.execPath,
      [
        'node_modules/esbuild/bin/esbuild',
        'app.ts',
        '--bundle',
        '--minify',
        '--platform=node',
        '--format=cjs',
        '--outfile=out/bundle.cjs',
        '--external:better-sqlite3',
        '--external:typeorm',
        '--external:express',
      ],
      { cwd: esm },
    )
    await useExample(esm, 'out/bundle.cjs')
    const names = run(
      process.execPath,
      [
        '-e',
        "console.log(require('better-sqlite3')('notes.db').prepare(\"select name from sqlite_master where type = 'table'\").pluck().all().join())",
      ],
      { cwd: esm },
    )
    if (!names.split(/[,\n]/).includes('note')) throw new Error(`The tables of the bundle are ${names}`)
    if (!existsSync(join(esm, 'notes.db'))) throw new Error('The bundle wrote no file')
  })
} catch (error) {
  console.error(`FAILED ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
