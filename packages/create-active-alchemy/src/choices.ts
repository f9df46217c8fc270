/** What an application is made of: a word for each choice. */
export interface Choices {
  readonly framework: string
  readonly database: string
  readonly language: string
}

/** One thing to choose. */
interface Choice {
  readonly question: string
  /** The words, with what they mean; the first is what `--yes` takes. */
  readonly options: Readonly<Record<string, string>>
}

/** What is asked, in this order. */
export const choices: Readonly<Record<keyof Choices, Choice>> = {
  framework: { question: 'Framework', options: { express: 'Express 5', fastify: 'Fastify 5', koa: 'Koa 3', nest: 'NestJS 12' } },
  database: { question: 'Database', options: { sqlite: 'SQLite, a file', postgres: 'PostgreSQL', mysql: 'MariaDB, MySQL' } },
  language: { question: 'Language', options: { ts: 'TypeScript', js: 'JavaScript' } },
}

/** The things to choose. */
export const topics = ['framework', 'database', 'language'] as const
