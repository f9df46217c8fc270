import { secrets } from './target.ts'

/** One attack: what is sent where, and what it wants. */
export interface Attack {
  readonly name: string
  readonly route: string
  readonly body: unknown
  /** Whether the answer shows that it succeeded, beside what shows for all: a login, a secret, damage. */
  readonly succeeded?: (status: number, text: string) => boolean
  /** Whether the value stands where SQL of the application takes it: a wrong one may be refused by the database, whose error is a 500. */
  readonly inOwnSql?: true
}

const each = (name: string, route: string, bodies: readonly unknown[], succeeded?: Attack['succeeded']): Attack[] =>
  bodies.map((body) => ({ name, route, body, ...(succeeded ? { succeeded } : {}) }))

/** Values that some language, driver or database takes for something else than what they are. */
const jugglers: readonly unknown[] = [
  0,
  1,
  true,
  false,
  null,
  '',
  [],
  [0],
  [''],
  [null],
  {},
  -0,
  '0',
  1e308,
  [[]],
  [secrets.token, 'x'],
  { '0': 'a' },
]

/** Shapes that other libraries take for operators. */
const operators: readonly unknown[] = [
  { $ne: null },
  { $gt: '' },
  { $in: [secrets.token] },
  { $regex: '.*' },
  { $or: [{}, {}] },
  { ne: null },
  { gt: '' },
  { not: null },
  { like: '%' },
  { _type: 'not', _value: null },
  { '@instanceof': 'FindOperator', _type: 'like', _value: '%', _useParameter: true },
  { '@instanceof': Symbol.for('FindOperator').toString(), type: 'isNull' },
  { type: 'like', value: '%', operator: 'like' },
  { text: '1 = 1', values: [] },
  { texts: ['1 = 1'], values: [] },
  { raw: '1 = 1' },
  { toString: 'x' },
  { valueOf: 1 },
  { toJSON: 'x' },
  { isLuxonDateTime: true },
  { then: 'x' },
  { constructor: { name: 'Sql' } },
]

/** Texts that end a literal, an identifier or a statement somewhere. */
const injections = [
  "' or '1'='1",
  "' or 1=1 --",
  '" or ""="',
  '` or 1=1 -- ',
  "'; drop table canary; --",
  'id; drop table canary',
  'id) or 1=1 --',
  "\\' or 1=1 -- ",
  '\\',
  "admin' --",
  "admin'/*",
  '1 union select token from account',
  '(select token from account limit 1)',
  "id having (select count(*) from account where role = 'admin') > 0",
  'id desc, (select token from account limit 1)',
  'case when 1=1 then id else name end',
  "\u0000' or 1=1 --",
  'ʼ or 1=1 --',
  '%27%20or%201=1',
  '$1',
  ':token',
  '?',
  '${token}',
  '%',
  '_',
  "x\u2028' or 1=1",
]

/** Names that are special in JavaScript. */
const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'save', 'delete', 'db', 'isNew', 'length', '']

const hidden = ['token', 'hash']

/** In SQL that the application writes, MySQL and MariaDB compare a number with a text as numbers: the README says so. */
const isCompared = (route: string, value: unknown): boolean => route === '/sql' && ['number', 'boolean'].includes(typeof value)

export const attacks: readonly Attack[] = [
  // Who logs in without the token?
  ...['/login', '/session', '/plain', '/exists', '/sql'].flatMap((route) => [
    ...each(
      'a value that equals too much',
      route,
      jugglers.filter((value) => !isCompared(route, value)).map((token) => ({ token })),
    ),
    ...each(
      'an operator in JSON',
      route,
      operators.map((token) => ({ token })),
    ),
    ...each(
      'a text that ends the statement',
      route,
      injections.map((token) => ({ token })),
    ),
    ...each('nothing at all', route, [{}, [], 'null', '5', '"x"']),
    ...each('a list of guesses', route, [{ token: ['a', secrets.token] }, { token: Array.from({ length: 1_000 }, (_, n) => `t${n}`) }]),
    ...each(
      'another case, accent or space',
      route,
      [secrets.token.toUpperCase(), `${secrets.token} `, secrets.token.replace('O', 'Ó')].map((token) => ({ token })),
    ),
  ]),
  ...each('a list of guesses of a code', '/reset', [
    { user: 'victim', code: Array.from({ length: 11_000 }, (_, n) => String(n).padStart(6, '0')) },
    { user: ['victim'], code: [secrets.code] },
    { user: 'victim', code: null },
    { user: 'victim', code: Number(secrets.code) },
    { user: 'victim', code: { $gte: '000000' } },
    { user: 'victim' },
    { user: 'victim', code: '%' },
    { user: 'VICTIM', code: secrets.code },
  ]),
  ...each('no password', '/login-by-name', [
    { name: 'admin' },
    { name: 'admin', hash: null },
    { name: 'admin', hash: '' },
    { name: 'admin', hash: 0 },
    { name: ['admin'], hash: [secrets.hash] },
  ]),
  ...each(
    'a key of another kind',
    '/plain-me',
    ['1 or 1=1', '1abc', '1e0', ' 1', '0x1', true, [1], { id: 1 }, null, 1.5, '1.0'].map((id) => ({ id })),
  ),
  ...each(
    'a key of another kind',
    '/big',
    ['3000000000 or 1=1', '3e9', '3000000000.0', [3000000000], true, '3000000000abc'].map((id) => ({ id })),
  ),
  ...each(
    'a key that is no key',
    '/me',
    [
      "1' or '1'='1",
      '1 or 1=1',
      [1, 2],
      { id: 1 },
      { id: { $gt: 0 } },
      null,
      true,
      1.5,
      2 ** 53,
      '99999999999999999999',
      -1,
      '',
      ' 1',
      '1e0',
      '0x1',
    ].map((id) => ({ id })),
    (status, text) => status === 200 && text.includes('admin@'),
  ),

  // What may a client set?
  ...['/accounts', '/update', '/set'].flatMap((route) => [
    ...each(
      'mass assignment',
      route,
      [
        { role: 'admin' },
        { credits: 1_000_000 },
        { id: 1 },
        { id: 4_711 },
        { token: 'mine' },
        { hash: 'mine' },
        { createdAt: '2000-01-01T00:00:00Z' },
        { updatedAt: null },
        { deletedAt: '2000-01-01T00:00:00Z' },
        { isDeleted: true },
        { pages: [{ id: 1 }] },
        { ROLE: 'admin' },
        { 'role ': 'admin' },
        { 'account.role': 'admin' },
        { Role: 'admin' },
        { is_deleted: true },
        { created_at: '2000-01-01' },
      ].map((values, index) => ({ name: `m${index}${route}`, ...values })),
      (status) => status < 400,
    ),
    ...each(
      'a name that is special',
      route,
      names.map((name) => ({ name: `${name}${route}`, [name]: 'x' })),
      (status) => status < 400,
    ),
    ...each('a prototype', route, [
      '{"name":"m","__proto__":{"unguarded":true,"role":"admin"}}',
      '{"__proto__":{"role":"admin"},"name":"mm","constructor":{"prototype":{"role":"admin"}}}',
    ]),
    ...each(
      'a value of the wrong kind',
      route,
      [
        { name: 5 },
        { name: ['a', 'b'] },
        { name: { a: 1 } },
        { name: null },
        { name: true },
        { age: '5' },
        { age: 1.5 },
        { age: 2 ** 40 },
        { age: [1] },
        { age: 1e308 },
        { email: [] },
        { name: 'x'.repeat(100_000) },
        { name: '\ud800' },
        { name: 'a\u0000b' },
      ].map((values) => ({ name: `n${Math.random()}`.slice(0, 20), ...values })),
    ),
  ]),
  ...['/update', '/set'].flatMap((route) => each('an empty list that cuts all off', route, [{ pages: [] }], (status) => status < 400)),
  ...each(
    'mass assignment of many',
    '/many',
    [
      [{ name: 'a', role: 'admin' }],
      [{ name: 'a', id: 1 }],
      {},
      { length: 3 },
      'null',
      [null],
      [[]],
      [{ name: 'same' }, { name: 'same' }],
      Array.from({ length: 2_000 }, () => ({})),
    ],
    (status) => status < 400 && status !== 200,
  ),
  ...each(
    'a relation by its key',
    '/page',
    [{ account: 1 }, { account: { id: 1 } }, { account: [1] }, { account: { id: 1, role: 'admin' } }, { accountId: { id: 1 } }],
    (status, text) => status < 400 && text.includes('admin'),
  ),
  ...each(
    'values for a decorated model',
    '/session-create',
    [
      { token: ['a', 'b'], owner: 'x' },
      { token: { a: 1 }, owner: 'x' },
      { token: 5, owner: 'x' },
      { token: null, owner: 'x' },
      { token: 'x'.repeat(100), owner: 'x' },
      { token: true, owner: 'x' },
    ],
    (status) => status < 400,
  ),

  // What must every list survive?
  ...each('a number that JSON cannot hold', '/page', [
    '{"body":9007199254740992}',
    '{"body":1e400}',
    '{"body":-1e400}',
    '{"body":123456789012345678901234567890}',
    '{"views":"9223372036854775808"}',
    '{"views":9007199254740993}',
    '{"views":"1e3"}',
    '{"price":"123456789012345678.25"}',
    '{"price":"1e5"}',
    '{"price":"NaN"}',
    '{"ratio":1e400}',
    '{"ratio":"Infinity"}',
  ]),
  ...each(
    'a moment out of range',
    '/page',
    [
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59-14:00',
      '0000-01-01T00:00:00+14:00',
      '-000001-01-01T00:00:00Z',
      '+275760-09-13T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-01-01T25:00:00Z',
      'now',
      'infinity',
      '',
      0,
      1e18,
      { isLuxonDateTime: true },
      '2026-01-01T00:00:00Z; drop table canary',
    ].map((at) => ({ at })),
  ),
  ...each(
    'a day out of range',
    '/page',
    ['0000-01-01', '10000-01-01', '2026-13-01', '2026-02-29', 'today', 20260101, {}].map((day) => ({ day })),
  ),
  ...each(
    'a time out of range',
    '/page',
    ['24:00:00', '25:00', '23:59:60', '-01:00', '838:59:59', 'now', 5].map((time) => ({ time })),
  ),
  ...each(
    'a filter of moments',
    '/find-pages',
    ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-14:00', { gt: 1 }, 'x', 5].map((at) => ({ at })),
  ),
  ...each('JSON that is deep or odd', '/page', [
    `{"body":${'['.repeat(30)}${']'.repeat(30)}}`,
    `{"body":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
    { body: '\ud800' },
    { body: '\u0000' },
    { body: { '\u0000': 1 } },
    { body: 'null' },
    { body: '"x' },
    { body: { __proto__: 1, constructor: 1 } },
    { body: 'x'.repeat(500_000) },
    { title: '\u0000' },
    { title: '\udfff' },
    { title: '😀'.repeat(1_000) },
    { uid: 'x' },
    { uid: '{}' },
    { flag: 'yes' },
    { flag: 2 },
  ]),
  ...each('a change in place', '/page-update', [
    '{"body":9007199254740992}',
    { views: -1 },
    { views: '9223372036854775807' },
    { price: '-0' },
    { ratio: -0 },
  ]),

  // What may a client ask?
  ...each(
    'a filter of its own',
    '/find',
    [...operators, ...jugglers].map((name) => ({ name })),
  ),
  ...each('a filter that is no filter', '/find', [
    'null',
    '5',
    '"1 = 1"',
    [{ name: 'a' }, 'x'],
    [[]],
    { '1=1 --': 1 },
    { 'name"': 1 },
    { 'name = name or name': 'x' },
    { pages: 1 },
    { 'pages.title': 'first' },
    { nope: 1 },
    { name: injections },
  ]),
  ...each(
    'a text that ends a filter',
    '/find',
    injections.map((name) => ({ name })),
    (status, text) => status === 200 && text !== '[]',
  ),
  ...each('too many terms', '/find', [
    Array.from({ length: 1_001 }, (_, n) => ({ name: `n${n}` })),
    Array.from({ length: 20_000 }, () => ({})),
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    { name: Array.from({ length: 40_000 }, (_, n) => n) },
    { name: Array.from({ length: 20_000 }, (_, n) => `n${n}`), email: Array.from({ length: 20_000 }, (_, n) => `e${n}`) },
  ]),
  ...each(
    'an order of its own',
    '/sort',
    [
      ...injections,
      ...names,
      ...hidden,
      'nope',
      'pages',
      'account.id',
      '1',
      '*',
      'id, token',
      { id: 'ASC' },
      { id: { order: 'ASC', nulls: 'x' } },
      { token: 'ASC' },
      ['id'],
      [injections[5]],
      null,
      5,
      true,
    ].map((by) => ({ by })),
  ),
  ...each(
    'an order of its own',
    '/sort',
    ['ASC; drop table canary', 'x', 'asc nulls first, token', {}, [], 5].map((order) => ({ by: 'name', order })),
  ),
  ...each(
    'a hidden order',
    '/sort',
    hidden.map((by) => ({ by })),
    (status) => status === 200,
  ),
  ...each(
    'groups of its own',
    '/group',
    [...injections, ...names, ...hidden, 'nope', { id: 1 }, ['id; drop table canary'], null, 5].map((by) => ({ by })),
  ),
  ...each(
    'hidden groups',
    '/group',
    hidden.map((by) => ({ by })),
    (status) => status === 200,
  ),
  ...each(
    'fields of its own',
    '/fields',
    [
      ...injections,
      ...names,
      ...hidden,
      '*',
      'account.*',
      'pages',
      'nope',
      ['name', 'token'],
      { name: 'token' },
      { x: 'token' },
      null,
      5,
    ].map((fields) => ({ fields })),
  ),
  ...each(
    'a name of its own',
    '/alias',
    [...injections, ...names, 'a"b', 'a`b', 'a]b', 'x'.repeat(100), 'x'.repeat(10_000), '\u0000', 'token'].map((as) => ({ as })),
  ),
  ...['/min', '/sum'].flatMap((route) =>
    each(
      'a column of its own',
      route,
      [...injections, ...names, ...hidden, '*', 'nope', 'name) from account; --', null, 5, {}].map((column) => ({ column })),
    ),
  ),
  ...each('a page of its own', '/pages', [
    { perPage: 0 },
    { perPage: -1 },
    { perPage: 1.5 },
    { perPage: 1e308 },
    { perPage: '20; drop table canary' },
    { perPage: [5] },
    { perPage: 1e9 },
    { page: -1 },
    { page: 1e308 },
    { page: '1 union select 1' },
    { page: {} },
    { page: [[]] },
    { maxPerPage: 'x' },
    { maxPerPage: 1e9, perPage: 1e9 },
    { unknown: 1 },
    { __proto__: { perPage: 5 } },
  ]),

  // What may a client write in bulk?
  ...each(
    'a bulk write of everything',
    '/bulk',
    [
      { where: {}, values: { age: 1 } },
      { values: { age: 1 } },
      { where: null, values: { age: 1 } },
      { where: [], values: { age: 1 } },
      { where: [{}], values: { age: 1 } },
    ],
    (status) => status < 400,
  ),
  ...each(
    'a bulk write of guarded columns',
    '/bulk',
    [
      { role: 'admin' },
      { credits: 5 },
      { id: 9 },
      { token: 'x' },
      { isDeleted: true },
      { nope: 1 },
      { __proto__: 1 },
      { age: '5; drop table canary' },
      { age: { text: 'role' } },
    ].map((values) => ({ where: { name: 'mallory' }, values })),
    (status, text) => status < 400 && text !== '0',
  ),

  // What may a client write into SQL of the application?
  ...[
    ...each(
      'a list in SQL',
      '/list',
      [[[]], [['1) or (1=1']], [[1, [2]]], ['1 or 1=1'], [{}], [null], [Array.from({ length: 40_000 }, (_, n) => n)], [[{ a: 1 }]]].map(
        ([ids]) => ({ ids }),
      ),
    ),
    ...each(
      'a limit in SQL',
      '/limit',
      [[1, 1], '1; drop table canary', {}, null, -1, 'x', 1.5, 1e308, true].map((n) => ({ n })),
    ),
  ].map((attack) => ({ ...attack, inOwnSql: true as const })),
  ...each(
    'a key in a bulk write',
    '/votes',
    ['1 or 1=1', [1, 2], null, {}, true, '1; drop table canary', 2 ** 31, 1.5].map((id) => ({ id })),
    (status, text) => status < 400 && text !== '0',
  ),
]
