// What an application exports has types that can be named: `declaration: true` compiles, on every compiler that is supported, where
// the packages lie flat in node_modules and where core lies hidden behind the package of the framework, as pnpm puts it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pack, root, run, step } from './packed.mjs'

const compilers = { 5.9: 'typescript59', '6.0': 'typescript', '7.0': 'typescript7' }
const strict = { module: 'nodenext', skipLibCheck: true, strict: true }

/** The settings of users: who compiles how. */
const settings = [
  ...['flat', 'hidden'].flatMap((layout) => Object.keys(compilers).map((version) => ({ layout, version, options: strict }))),
  // The oldest way to resolve modules, with no `exports`, and every declaration checked (those of other frameworks' packages do not pass).
  { layout: 'flat', version: '5.9', options: { module: 'commonjs', moduleResolution: 'node10', strict: true, skipLibCheck: false } },
  { layout: 'flat', version: '5.9', options: { module: 'nodenext', strict: false, skipLibCheck: false } },
]

const folder = mkdtempSync(join(tmpdir(), 'alchemy-declarations-'))
const modules = (layout) => join(folder, layout, 'node_modules')

function extract(tarball, to) {
  mkdirSync(to, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', to, '--strip-components=1'])
}

try {
  const tarballs = pack(folder)
  // What the packages ask of the project lies one folder above it; links cost nothing, where the disk is the same.
  const others = join(folder, 'node_modules')
  mkdirSync(others)
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@active-alchemy') continue
    try {
      run('cp', ['-al', join(root, 'node_modules', name), others])
    } catch {
      run('cp', ['-r', join(root, 'node_modules', name), others])
    }
  }
  for (const { name, tarball } of tarballs) {
    extract(tarball, join(modules('flat'), name))
    const store = join(modules('hidden'), '.pnpm', name.replace('/', '+'), 'node_modules')
    extract(tarball, join(store, name))
    const link = (from, to) => {
      mkdirSync(dirname(from), { recursive: true })
      symlinkSync(to, from)
    }
    if (name === '@active-alchemy/core') continue
    link(join(modules('hidden'), name), join(store, name))
    link(join(store, '@active-alchemy/core'), join(modules('hidden'), '.pnpm/@active-alchemy+core/node_modules/@active-alchemy/core'))
  }
  for (const layout of ['flat', 'hidden']) {
    writeFileSync(join(folder, layout, 'package.json'), '{ "name": "application", "private": true, "type": "module" }')
    run('cp', [...readdirSync(join(root, 'test/declarations')).map((file) => join(root, 'test/declarations', file)), join(folder, layout)])
  }
  for (const { layout, version, options } of settings) {
    const shown = `${options.moduleResolution ?? options.module}${options.strict ? '' : ', not strict'}${options.skipLibCheck ? '' : ', libraries checked'}`
    await step(`TypeScript ${version}, ${layout}, ${shown}`, () => {
      const compilerOptions = {
        target: 'es2022',
        lib: ['es2023'],
        types: ['node'],
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        declaration: true,
        emitDeclarationOnly: true,
        outDir: 'types',
        rootDir: '.',
        ...options,
      }
      writeFileSync(
        join(folder, layout, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, include: [options.skipLibCheck ? '*.ts' : 'express.ts'] }),
      )
      run(process.execPath, [join(root, 'node_modules', compilers[version], 'bin/tsc')], { cwd: join(folder, layout) })
    })
  }
} catch (error) {
  console.error(`FAILED ${error.message}`)
  process.exitCode = 1
} finally {
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true })
}
