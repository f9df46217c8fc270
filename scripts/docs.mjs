// Writes what of the documentation comes from the source: `npm run docs`. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './packed.mjs'

/** The classes of errors with a code, as their source says it. */
function errorClasses() {
  const found = []
  for (const file of ['errors.ts', 'drivers/database-error.ts']) {
    const path = join(root, 'packages/core/src', file)
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
    for (const node of source.statements) {
      if (!ts.isClassDeclaration(node)) continue
      const code = node.members.find((member) => ts.isPropertyDeclaration(member) && member.name.getText() === 'code')?.initializer?.text
      if (code === undefined) continue
      const comment = ts.getJSDocCommentsAndTags(node).at(-1)?.comment
      const about = (typeof comment === 'string' ? comment : '').split('\n\n')[0].replace(/\s+/g, ' ')
      const constructor = node.members.find(ts.isConstructorDeclaration)
      const { status, message } = saidBy(constructor)
      found.push({
        name: node.name.text,
        code,
        status: status ?? /Status (\d+)/.exec(about)?.[1],
        message,
        about: about.replace(/ Status \d+\./, ''),
      })
    }
  }
  return found.sort((a, b) => a.code.localeCompare(b.code) || a.name.localeCompare(b.name))
}

/** The status and the message that a constructor hands to its base. */
function saidBy(constructor) {
  let status
  let message = ''
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) {
      for (const each of node.arguments) if (ts.isNumericLiteral(each)) status = each.text
    }
    const text = ts.isTemplateExpression(node)
      ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
      : ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)
        ? node.text
        : ''
    if (text.length > message.length) message = text
    ts.forEachChild(node, visit)
  }
  if (constructor) visit(constructor)
  return { status, message: message.replace(/\s+/g, ' ').replace(/…[….]*…/g, '…') }
}

function errorsPage() {
  const classes = errorClasses()
  const cell = (text) => text.replaceAll('|', '\\|')
  const rows = classes.map(
    ({ name, code, status, about, message }) => `| \`${code}\` | \`${name}\` | ${status ?? ''} | ${cell(about)} | ${cell(message)} |`,
  )
  return `<!-- Written by \`npm run docs\` from the source of the classes. -->

# Errors

Every error of the library carries a \`code\`, which stays when the wording changes, and says the fact with its value, then the remedy.
One that a client may have caused carries the \`status\` of its answer (and the same as \`statusCode\`), and \`expose\`: whether its message
may reach the client. One without a status is for the programmer, and is answered 500. \`isAlchemyError(error)\` knows them all, and
TypeScript tells them apart by their \`code\`.

| code | class | status | when | what it says |
|---|---|---|---|---|
${rows.join('\n')}
`
}

const pages = { 'docs/reference/errors.md': errorsPage() }
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not what the source says. Run: npm run docs`)
    process.exitCode = 1
  }
}
