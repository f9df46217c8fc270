import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { tableName } from '../src/mapping/table-name.js'

/** What the Python original makes of these names; it was run. */
it.each([
  ['User', 'user'],
  ['TodoList', 'todo_list'],
  ['TestModel', 'test_model'],
  ['HTTPServer2Node', 'http_server2_node'],
  ['HTML', 'html'],
  ['OAuth2Token', 'o_auth2_token'],
  ['Model2B', 'model2_b'],
  ['Snake_Case', 'snake_case'],
  ['_Private', '_private'],
  ['kebab-case', 'kebab_case'],
  ['lastAccess', 'last_access'],
  ['already_snake', 'already_snake'],
  ['A', 'a'],
  ['', ''],
])('%s is the table %s', (className, table) => {
  expect(tableName(className)).toBe(table)
})

it('never makes a plural', () => {
  expect([tableName('Category'), tableName('Person'), tableName('Bus')]).toEqual(['category', 'person', 'bus'])
})

it('gives a name that stays what it is', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z\d_]{0,20}$/), (name) => {
      expect(tableName(tableName(name))).toBe(tableName(name))
    }),
  )
})

it('only adds underscores and takes capitals away', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z\d_]{1,20}$/), (name) => {
      expect(tableName(name).replaceAll('_', '')).toBe(name.toLowerCase().replaceAll('_', ''))
    }),
  )
})
