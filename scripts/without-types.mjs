// The TypeScript of the templates as JavaScript that somebody could have written: without its types, and otherwise as it stands.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { root } from './packed.mjs'

const templates = join(root, 'packages/create-active-alchemy/template')
const out = join(root, 'packages/create-active-alchemy/dist/javascript')

/** What is of the types: from where to where it stands in the text. */
function* typesIn(node, text) {
  /** With its line, where nothing else stands on that. */
  const whole = (each) => {
    const start = each.getFullStart() + /^\s*\n/.exec(text.slice(each.getFullStart()))?.[0].length || each.getStart()
    return [Math.min(start, each.getStart()), each.end + (/^\n(\n(?=\n|$))?/.exec(text.slice(each.end))?.[0].length ?? 0)]
  }
  const isTypeOnly = ts.isImportDeclaration(node) && node.importClause?.isTypeOnly
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || isTypeOnly) yield whole(node)
  else if (ts.isPropertyDeclaration(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) yield whole(node)
  else {
    // `(value as Type).name`: with its brackets.
    if (ts.isParenthesizedExpression(node) && ts.isAsExpression(node.expression)) {
      yield [node.getStart(), node.getStart() + 1]
      yield [node.expression.expression.end, node.end]
    } else if (ts.isAsExpression(node) && !ts.isParenthesizedExpression(node.parent)) yield [node.expression.end, node.end]
    if (ts.isImportSpecifier(node) && node.isTypeOnly) {
      const before = /,\s*$/.exec(text.slice(0, node.getStart()))
      yield [node.getStart() - (before?.[0].length ?? 0), node.end]
    }
    if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) yield [node.getFullStart(), node.end]
    // `(value: Type)`, `(): Type`, `let value: Type`
    if ('type' in node && node.type && !ts.isAsExpression(node) && !ts.isTypeNode(node)) {
      const colon = text.lastIndexOf(':', node.type.getStart())
      yield [node.questionToken ? node.questionToken.getStart() : colon, node.type.end]
    }
    if (node.typeArguments && !ts.isTypeNode(node)) {
      const [first] = node.typeArguments
      yield [text.lastIndexOf('<', first.getStart()), text.indexOf('>', node.typeArguments.end) + 1]
    }
    for (const child of node.getChildren()) if (!ts.isTypeNode(child)) yield* typesIn(child, text)
  }
}

/** TypeScript without its types. @throws {Error} What is left is no JavaScript. */
export function withoutTypes(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  let left = text
  for (const [start, end] of [...typesIn(source, text)].sort(([a], [b]) => b - a)) left = left.slice(0, start) + left.slice(end)
  left = left.replace(/^\n+/, '').replaceAll(/\n{3,}/g, '\n\n')
  const { diagnostics } = ts.transpileModule(left, {
    fileName: path.replace(/ts$/, 'js'),
    reportDiagnostics: true,
    compilerOptions: { allowJs: true },
  })
  if (diagnostics.length > 0) throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(diagnostics[0].messageText, ' ')}\n${left}`)
  return left
}

rmSync(out, { recursive: true, force: true })
for (const entry of readdirSync(templates, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (!path.endsWith('.ts') || path.includes('-typescript')) continue
  const file = join(out, relative(templates, path).replace(/ts$/, 'js'))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, withoutTypes(path, readFileSync(path, 'utf8')))
}
