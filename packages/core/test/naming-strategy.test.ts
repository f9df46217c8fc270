import { describe, expect, it } from 'vitest'
import { ModelNamingStrategy } from '../src/typeorm/naming-strategy.js'

const names = new ModelNamingStrategy()

describe('a table', () => {
  it('is named after its class', () => expect(names.tableName('TodoList', undefined)).toBe('todo_list'))
  it('keeps a name that was given', () => expect(names.tableName('TodoList', 'TODO')).toBe('TODO'))
})

describe('a column', () => {
  it('is the property in snake case', () => expect(names.columnName('lastAccess', undefined, [])).toBe('last_access'))
  it('keeps a name that was given', () => expect(names.columnName('lastAccess', 'LastAccess', [])).toBe('LastAccess'))
  it('of an embedded object begins with the names around it', () => {
    expect(names.columnName('zipCode', undefined, ['homeAddress', 'geo'])).toBe('home_address_geo_zip_code')
  })
})

describe('a foreign key', () => {
  it('is the relation and the key it refers to', () => {
    expect(names.joinColumnName('author', 'id')).toBe('author_id')
    expect(names.joinColumnName('createdBy', 'userName')).toBe('created_by_user_name')
  })

  it('in a table between two is the table and its key', () => {
    expect(names.joinTableColumnName('blog_post', 'postId', 'id')).toBe('blog_post_id')
    expect(names.joinTableColumnName('blog_post', 'postId')).toBe('blog_post_post_id')
  })
})
