import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { Example } from './examples.ts'

const packages = join(import.meta.dirname, '../../packages')

/** Where names come from that an example takes as given, beside the setting and the package itself. */
const others: Readonly<Record<string, string>> = {
  ...from('node:http', 'createServer'),
  ...from('node:stream/promises', 'pipeline'),
  ...from('@active-alchemy/core/testing', 'checkColumnType'),
  ...from('../../packages/core/src/uri.ts', 'parseUri'),
  ...from('@active-alchemy/core/http', 'flag', 'readOptions'),
}

/** Those of Nest's packages; in its adapter `Post` is theirs. */
const ofNest: Readonly<Record<string, string>> = {
  ...from('@nestjs/common', 'Controller', 'Get', 'Injectable', 'Module', 'Post', 'UseInterceptors'),
  ...from('@nestjs/config', 'ConfigService'),
  ...from('@nestjs/core', 'NestFactory'),
  ...from('@nestjs/terminus', 'HealthCheck', 'HealthCheckService'),
  ...from('@nestjs/testing', 'Test'),
  ...from('@nestjs/typeorm', 'TypeOrmModule'),
  ...from('@nestjs/websockets', 'WebSocketGateway'),
}

/** How an application of each framework is made. */
const applications: Readonly<Record<string, readonly [line: string, ...imports: string[]]>> = {
  core: ['const app = express()', "import express from 'express'"],
  express: ['const app = express()', "import express from 'express'"],
  fastify: ['const app = fastify()', "import fastify from 'fastify'"],
  koa: ['const app = new Koa()', "import Koa from 'koa'"],
  nest: ['const app = await NestFactory.create(AppModule, { logger: false })', "import { NestFactory } from '@nestjs/core'"],
}

function from(module: string, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, module]))
}

/**
 * An example as a program that stands alone: with what it takes as given before it, and its queries sent.
 *
 * @param given Names that the setting has.
 */
export function programOf({ library, file, text }: Example, given: ReadonlySet<string>): string {
  const source = ts.createSourceFile('example.ts', text, ts.ScriptTarget.Latest, true)
  const { declared, free, models, types } = namesIn(source)
  const imports = new Set<string>()
  const lines: string[] = []
  const use = (name: string): void => {
    if (declared.has(name)) return
    const own = exportsOf(library)
    const module = library === 'nest' ? (ofNest[name] ?? others[name]) : others[name]
    if (module) imports.add(`import { ${name} } from '${module}'`)
    else if (name === 'app') {
      const [line, ...needed] = applications[library] ?? ['']
      for (const each of needed) imports.add(each)
      if (line.includes('AppModule')) use('AppModule')
      lines.push(line)
    } else if (name === 'AppModule') {
      imports.add("import { Module } from '@nestjs/common'")
      lines.push('@Module({})', 'class AppModule {}')
    } else if (name === 'express' || name === 'fastify' || name === 'Koa') imports.add(`import ${name} from '${name.toLowerCase()}'`)
    else if (name === 'url') {
      imports.add("import { serve } from '../docstrings/setting.ts'")
      lines.push('await using server = await serve(db, User)', 'const { url } = server')
    } else if (given.has(name)) return
    else if (own.has(name)) imports.add(`import { ${own.get(name)}${name} } from '@active-alchemy/${library}'`)
    else if (sourceExports(file).has(name)) imports.add(`import { ${name} } from '../../packages/${file.replace(/\.ts$/, '.js')}'`)
  }
  // A server needs both.
  if (free.has('url')) for (const name of ['db', 'User']) free.add(name)
  for (const name of free) use(name)
  const taken = [...free].filter((name) => given.has(name) && !declared.has(name) && !(library === 'nest' && name in ofNest))
  const setting =
    taken.length === 0
      ? []
      : [
          `const { ${taken.join(', ')} } = await settingOf(Database, ${JSON.stringify([...models])})`,
          ...taken.filter((name) => types.has(name)).map((name) => `type ${name} = InstanceType<typeof ${name}>`),
        ]
  if (setting.length > 0) {
    imports.add("import { setting as settingOf } from '../docstrings/setting.ts'")
    imports.add(`import { ActiveAlchemy as Database } from '@active-alchemy/${library}'`)
  }
  const own = source.statements.filter(ts.isImportDeclaration).map((each) => each.getText())
  const statements = source.statements.filter((each) => !ts.isImportDeclaration(each))
  const body = statements.map((each) => sent(each, text))
  // Examples show models without their tables.
  const lastModel = statements.findLastIndex(
    (each) => ts.isClassDeclaration(each) && each.heritageClauses?.some((base) => base.getText().includes('db.')),
  )
  if (lastModel >= 0 && !text.includes('createAll')) body.splice(lastModel + 1, 0, 'await db.createAll()')
  const variables = source.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => [...declarationList.declarations])
  const opened = taken.includes('db') || variables.some(({ name }) => name.getText() === 'db') ? ['db'] : []
  return [...own, ...imports, ...setting, ...lines, ...body, `export { ${opened.join(', ')} }`].join('\n')
}

/** The names that a text declares, those that it takes as given, those of classes that it makes and of types. */
function namesIn(source: ts.SourceFile): Record<'declared' | 'free' | 'models' | 'types', Set<string>> {
  const declared = new Set<string>()
  const used = new Set<string>()
  const models = new Set<string>()
  const types = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) (isDeclared(node) ? declared : isUsed(node) ? used : new Set<string>()).add(node.text)
    if (ts.isTypeReferenceNode(node)) types.add(node.typeName.getText())
    if (ts.isClassDeclaration(node) && node.heritageClauses && node.name) models.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { declared, free: new Set([...used].filter((name) => !declared.has(name))), models, types }
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node
  const declares =
    ts.isBindingElement(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isClassDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isEnumDeclaration(parent) ||
    ts.isImportClause(parent) ||
    ts.isImportSpecifier(parent)
  return declares && parent.name === node
}

function isUsed(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) return parent.name !== node
  if (ts.isBindingElement(parent)) return parent.propertyName !== node
  return !(
    ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isEnumMember(parent) ||
    ts.isGetAccessor(parent)
  )
}

/** A statement with what stands behind it, which is held to what it says or, a query, is sent. */
function sent(statement: ts.Statement, text: string): string {
  const end = ts.getTrailingCommentRanges(text, statement.end)?.at(-1)?.end ?? statement.end
  const whole = text.slice(statement.getStart(), end)
  if (!ts.isExpressionStatement(statement)) return whole
  const { expression } = statement
  const isLeft = ts.isAwaitExpression(expression) || ts.isBinaryExpression(expression) || whole.startsWith('console.')
  return isLeft ? whole : `await sent(${expression.getText()})${text.slice(statement.end, end)}`
}

const known = new Map<string, Map<string, string>>()

/** What a package exports, each with the word that an import needs before it. */
function exportsOf(library: string): ReadonlyMap<string, string> {
  let found = known.get(library)
  if (!found) {
    found = new Map(library === 'core' ? [] : exportsOf('core'))
    for (const [name, word] of exportsIn(join(packages, library, 'src/index.ts'))) found.set(name, word)
    known.set(library, found)
  }
  return found
}

function sourceExports(file: string): ReadonlyMap<string, string> {
  return exportsIn(join(packages, file))
}

function exportsIn(path: string): Map<string, string> {
  const found = new Map<string, string>()
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  for (const each of source.statements) {
    if (ts.isExportDeclaration(each)) {
      const { exportClause, moduleSpecifier, isTypeOnly } = each
      if (exportClause && ts.isNamedExports(exportClause)) {
        for (const { name, isTypeOnly: isType } of exportClause.elements) found.set(name.text, isTypeOnly || isType ? 'type ' : '')
      } else if (moduleSpecifier && ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text.startsWith('.')) {
        for (const [name, word] of exportsIn(join(path, '..', moduleSpecifier.text.replace(/\.js$/, '.ts')))) found.set(name, word)
      }
    } else if (ts.isFunctionDeclaration(each) || ts.isClassDeclaration(each)) {
      if (each.name && each.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) found.set(each.name.text, '')
    } else if (ts.isVariableStatement(each)) {
      for (const { name } of each.declarationList.declarations) found.set(name.getText(), '')
    }
  }
  return found
}
