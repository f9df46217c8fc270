import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfig } from 'vitepress'

const docs = join(import.meta.dirname, '..')

const icon = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#3451b2"/><path d="M4 8l3 3 5-6" stroke="#fff" stroke-width="2" fill="none"/></svg>')}`

/** The pages, in the order in which they are read: what stands under a heading, by its title. */
const groups: Record<string, Record<string, string>> = {
  Start: {
    'start/': 'From an empty folder',
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
    'data-types': 'Data types',
    json: 'JSON',
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
    production: 'Production',
    health: 'Health',
    statements: 'What is sent, and told',
    tenants: 'Tenants',
    security: 'Security',
  },
  'Coming from': {
    'coming-from/flask-sqlalchemy': 'Flask-SQLAlchemy',
    'coming-from/sequelize': 'Sequelize',
    'coming-from/prisma': 'Prisma',
    'coming-from/typeorm-transactional': 'typeorm-transactional',
  },
  Reference: { 'reference/errors': 'Every error', 'reference/api/': 'API', proof: 'Proof' },
}

const exists = (page: string): boolean => existsSync(join(docs, page.endsWith('/') ? `${page}index.md` : `${page}.md`))

function sidebar(): DefaultTheme.SidebarItem[] {
  const listed = Object.entries(groups).map(([text, pages]) => ({
    text,
    items: Object.entries(pages).flatMap(([page, title]) => (exists(page) ? [{ text: title, link: `/${page}` }] : [])),
  }))
  const decisions = readdirSync(join(docs, 'decisions')).map((file) => ({
    text:
      readFileSync(join(docs, 'decisions', file), 'utf8')
        .split('\n', 1)[0]
        ?.slice(2) ?? file,
    link: `/decisions/${file.slice(0, -3)}`,
  }))
  return [...listed, { text: 'Decisions', collapsed: true, items: decisions }]
}

/** A page that stands in no list would be found by nobody. */
function refuseUnlisted(pages: string[]): void {
  const listed = new Set(Object.values(groups).flatMap((each) => Object.keys(each)))
  const lost = pages
    .map((page) => page.replace(/(index)?\.md$/, ''))
    .filter((page) => page !== '' && !/^(decisions|reference\/api)\//.test(page) && !listed.has(page))
  if (lost.length > 0) throw new Error(`No heading of docs/.vitepress/config.ts lists ${lost.join(', ')}`)
}

export default defineConfig({
  title: 'Active-Alchemy',
  description: 'Models with verbs on TypeORM, and one transaction per request, committed before the answer leaves',
  // Where the site is not the root of its host: DOCS_BASE=/active-alchemy/
  base: process.env['DOCS_BASE'] ?? '/',
  head: [['link', { rel: 'icon', href: icon }]],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/', activeMatch: '/start/' },
      { text: 'The request', link: '/request' },
      { text: 'Errors', link: '/reference/errors' },
    ],
    sidebar: sidebar(),
    outline: 'deep',
    search: { provider: 'local' },
  },
  buildEnd: ({ pages }) => refuseUnlisted(pages),
})
