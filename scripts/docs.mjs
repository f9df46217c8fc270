// Writes what of the documentation comes from the source: `npm run docs`. With --check it only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { provoked, setting } from '../docs/reference/provoked.mjs'
import { libraries, root } from './packed.mjs'

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

/** What a client did, what the database did, what the programmer did: by the status. */
const groups = [
  { title: 'Of a client: 4xx', belongs: (status) => status >= 400 && status < 500 },
  { title: 'Of the database, and of a moment: 5xx', belongs: (status) => status >= 500 },
  { title: 'For the programmer', belongs: (status) => Number.isNaN(status) },
]

/** A class as the page tells it: what it means, and what its message says, the remedy in bold. */
function told({ name, status, about, message }) {
  const said = message.replace(/^(.*?\.) ([A-Z…].*)$/, '$1 **$2**')
  return [`\`${name}\`${status === undefined ? '' : `, status ${status}`}. ${about}`, ...(said === '' ? [] : [`> ${said}`])].join('\n\n')
}

const asCode = (text) => `\`\`\`js\n${text}\n\`\`\``

function errorsPage() {
  const classes = errorClasses()
  const codes = [...new Set(classes.map(({ code }) => code))]
  const sections = groups.map(({ title, belongs }) => {
    const own = codes.filter((code) => belongs(Number(classes.find((each) => each.code === code).status)))
    return [
      `## ${title}`,
      ...own.map((code) =>
        [
          // Sites word the anchors of headings in their own ways; an error prints this one.
          `<a id="${code}"></a>`,
          `### ${code}`,
          ...classes.filter((each) => each.code === code).map(told),
          ...(code in provoked ? [asCode(provoked[code])] : []),
        ].join('\n\n'),
      ),
    ].join('\n\n')
  })
  return `<!-- Written by \`npm run docs\` from the source of the classes. -->

# Every error

Every error of the library carries a \`code\`, which stays when the wording changes, and says the fact with its value, then the remedy.
One that a client may have caused carries the \`status\` of its answer (and the same as \`statusCode\`), and \`expose\`: whether its message
may reach the client. One without a status is for the programmer, and is answered 500. \`isAlchemyError(error)\` knows them all, and
TypeScript tells them apart by their \`code\`. How they are answered: [JSON errors](../json-errors.md).

An error prints where this page tells of it, \`error.help\`: where it is printed whole (\`console.error(error)\`, one that nobody catches, the command
line), and at the end of the stack of one that a request fails with and no client sees. No answer has it.

Where a message holds a name or a value, there is a … here; what to do stands in bold. The examples that make them run in the tests, in this
database:

${asCode(setting.trim())}

${sections.join('\n\n')}
`
}

/** What an assistant reads that knows only `node_modules`: the page of the site, and the application of the framework's first page. */
function agentsPage(name) {
  const read = (path) => readFileSync(join(root, 'docs', path), 'utf8')
  const [, rules] = /^# .*?(## Rules.*)/s.exec(read('agents.md'))
  const [example] = /^```[jt]s\n.*?^```/ms.exec(read(`start/${name === 'core' ? 'index' : name}.md`))
  return `<!-- Written by \`npm run docs\` from docs/agents.md. -->

# @active-alchemy/${name}: for assistants

Models with verbs on TypeORM, and one transaction for each request, committed before the answer leaves. Write this API, and not TypeORM's.

${rules.replaceAll("from '@active-alchemy/core'", `from '@active-alchemy/${name}'`).trim()}

## An application

${example}
`
}

const pages = {
  'docs/reference/errors.md': errorsPage(),
  ...Object.fromEntries(libraries.map((name) => [`packages/${name}/AGENTS.md`, agentsPage(name)])),
}
for (const [path, text] of Object.entries(pages)) {
  const file = join(root, path)
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not what its source says. Run: npm run docs`)
    process.exitCode = 1
  }
}
