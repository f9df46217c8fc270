/** The rooms of core, from the lowest up: a room may use those below it, never one above. */
const rooms = [
  'errors|wording|nearest|eventual|moment|clock|uri|options|logger|linked-list|deadline|semaphore',
  'scope',
  'types',
  'pagination',
  'drivers',
  'mapping',
  'plan',
  'sandbox',
  'session',
  'typeorm',
  'query',
  'schema',
  'inspector',
  'model',
  'active-alchemy',
  'index',
  'testing',
  'cli',
]

const path = (names) => `^packages/core/src/(${names})(/|\\.ts$)`

module.exports = {
  forbidden: [
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: path([...rooms, 'http'].join('|')) },
      to: {},
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    ...rooms.slice(0, -1).map((room, index) => ({
      name: `nothing-above-${room.split('|')[0]}`,
      severity: 'error',
      from: { path: path(room) },
      to: { path: path(rooms.slice(index + 1).join('|')) },
    })),
    {
      name: 'http-knows-only-scope',
      severity: 'error',
      from: { path: path('http') },
      to: { path: '^packages/core/src/', pathNot: path('http|scope|errors|options') },
    },
    {
      name: 'nothing-knows-http',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: path('http') },
      to: { path: path('http') },
    },
    {
      name: 'one-door-to-the-inside-of-typeorm',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/core/src/drivers/internals\\.ts$' },
      to: { path: 'node_modules/typeorm/.+', pathNot: 'node_modules/typeorm/index\\.(d\\.ts|js|mjs)$' },
    },
    {
      name: 'adapters-are-siblings',
      severity: 'error',
      from: { path: '^packages/(express|fastify|koa|nest)/' },
      to: { path: '^packages/(express|fastify|koa|nest)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'adapters-know-only-the-exports-of-core',
      severity: 'error',
      from: { path: '^packages/(express|fastify|koa|nest)/src' },
      to: { path: '^packages/core/(src|dist)/', pathNot: '^packages/core/(src|dist)/(index|http/index)\\.' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/|^packages/create-active-alchemy/template/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
