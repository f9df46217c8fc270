import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { type Page, writeForPrograms } from './for-programs.ts'

const docs = join(import.meta.dirname, '..')
const title = 'Active-Alchemy'
const description = 'Models with verbs on TypeORM, and one transaction per request, committed before the answer leaves'
const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#3451b2"/><path d="M4 8l3 3 5-6" stroke="#fff" stroke-width="2" fill="none"/></svg>')}`

/** The pages, in the order in which they are read: what stands under a heading, by its title. */
const groups: Record<string, Record<string, string>> = {
  Start: {
    'start/index': 'From an empty folder',
    'start/express': 'Express',
    'start/fastify': 'Fastify',
    'start/koa': 'Koa',
    'start/nest': 'Nest',
    'start/languages': 'TypeScript, CommonJS, jest',
    adopting: 'Add it to your TypeORM app',
    'leaving-typeorm': 'Leaving TypeORM?',
  },
  Models: {
    models: 'Models',
    relations: 'Relations',
    asking: 'Asking',
    finding: 'Finding, or making',
    paging: 'Paging',
    writing: 'Writing',
    checks: 'Checks',
    hooks: 'Hooks',
    derived: 'Derived data',
    'data-types': 'Data types',
    'own-types': 'A type of your own',
    json: 'JSON',
    ranges: 'Ranges',
    'trees-and-search': 'Trees and search',
    secrets: 'Secrets',
  },
  'The request': {
    request: 'The request',
    'what-a-4xx-undoes': 'What a 4xx undoes',
    'other-services': 'Calling other services',
    'two-requests-at-once': 'Two requests at once',
    transactions: 'Transactions',
    jobs: 'Jobs and queues',
    streaming: 'Streaming',
    'json-errors': 'JSON errors',
  },
  'The second week': {
    testing: 'Testing',
    migrations: 'Migrations',
    cli: 'The command line',
    production: 'Production',
    health: 'Health',
    statements: 'What is sent, and told',
    inspector: 'The inspector',
    tracing: 'Tracing and metrics',
    'several-databases': 'Several databases',
    tenants: 'Tenants',
    security: 'Security',
  },
  'Coming from': {
    'coming-from/flask-sqlalchemy': 'Flask-SQLAlchemy',
    'coming-from/sqlalchemy-utils': 'SQLAlchemy-Utils',
    'coming-from/sequelize': 'Sequelize',
    'coming-from/prisma': 'Prisma',
    'coming-from/typeorm-transactional': 'typeorm-transactional',
  },
  Reference: { 'reference/errors': 'Every error', 'reference/api/index': 'API', agents: 'For assistants', proof: 'Proof' },
}

/** The titles of the pages in a folder, of their first lines. */
function titled(folder: string): Record<string, string> {
  const files = readdirSync(join(docs, folder)).filter((file) => file.endsWith('.md'))
  return Object.fromEntries(
    files.map((file) => [
      join(folder, file.slice(0, -3)),
      readFileSync(join(docs, folder, file), 'utf8')
        .split('\n', 1)[0]
        ?.slice(2) ?? file,
    ]),
  )
}

/** Pages that stand under no heading yet: they are found all the same. */
function unlisted(): Record<string, string> {
  const listed = new Set(['index', ...Object.values(groups).flatMap((pages) => Object.keys(pages))])
  return Object.fromEntries(Object.entries(titled('.')).flatMap(([path, name]) => (listed.has(path) ? [] : [[path, name]])))
}

const written = Object.entries({ ...groups, More: unlisted(), Decisions: titled('decisions') }).flatMap(
  ([heading, pages]): [heading: string, pages: Page[]][] => {
    const there = Object.entries(pages).flatMap(([path, name]) => (existsSync(join(docs, `${path}.md`)) ? [{ path, title: name }] : []))
    return there.length > 0 ? [[heading, there]] : []
  },
)

function chapters(): DefaultTheme.SidebarItem[] {
  return written.map(([text, pages]) => ({
    text,
    ...(text === 'Decisions' ? { collapsed: true } : {}),
    items: pages.map(({ path, title: name }) => ({ text: name, link: `/${path.replace(/index$/, '')}` })),
  }))
}

/** What `typedoc` has made of the docstrings: a list for each package, and for each kind of what it exports. */
function api(): DefaultTheme.SidebarItem[] {
  const root = join(docs, 'reference/api')
  if (!existsSync(root)) return []
  return readdirSync(root, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => ({
      text: `@active-alchemy/${name}`,
      collapsed: true,
      items: readdirSync(join(root, name, 'src'), { withFileTypes: true })
        .filter((each) => each.isDirectory())
        .map((kind) => ({
          text: kind.name,
          collapsed: true,
          items: readdirSync(join(root, name, 'src', kind.name)).map((file) => ({
            text: file.slice(0, -3),
            link: `/reference/api/${name}/src/${kind.name}/${file.slice(0, -3)}`,
          })),
        })),
    }))
}

const isReference = (page: string): boolean => page.startsWith('reference/api/')

export default defineConfig({
  title,
  description,
  // Where the site is not the root of its host: DOCS_BASE=/active-alchemy/
  base: process.env['DOCS_BASE'] ?? '/',
  head: [['link', { rel: 'icon', href: icon }]],
  // The colours of the theme's own are too faint to be read by everybody.
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/', activeMatch: '/start/' },
      { text: 'The request', link: '/request' },
      { text: 'Errors', link: '/reference/errors' },
    ],
    sidebar: { '/reference/api/': [{ text: 'Back to the documents', link: '/start/' }, ...api()], '/': chapters() },
    outline: 'deep',
    search: {
      provider: 'local',
      options: {
        // Of the reference its names, so that what explains them is found first.
        _render: (source, env, markdown) =>
          markdown.render(isReference(env.relativePath) ? (source.match(/^#{1,3} .*$/gm) ?? []).join('\n\n') : source, env),
      },
    },
  },
  buildEnd({ outDir, site }) {
    const byHand = written.map(([heading, each]): [string, Page[]] => [heading, each.filter(({ path }) => !isReference(path))])
    writeForPrograms({ docs, out: outDir, base: site.base, title, summary: description, groups: byHand })
  },
})
