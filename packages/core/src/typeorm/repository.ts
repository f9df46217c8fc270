import { type ObjectLiteral, Repository, TreeRepository } from 'typeorm'
import { asOperations, scopeOfRunner } from './operations.js'

const reads = ['find', 'findBy', 'findOne', 'findOneBy', 'findOneOrFail', 'findOneByOrFail', 'sql'] as const
const treeReads = ['findTrees', 'findDescendantsTree', 'findAncestorsTree'] as const

/** TypeORM's repository; the few methods that are `async` functions, and not a call of the manager's, enter the scope too. */
export class AlchemyRepository<T extends ObjectLiteral> extends Repository<T> {
  static {
    asOperations(AlchemyRepository, reads, ({ queryRunner }) => scopeOfRunner(queryRunner))
  }
}

/** TypeORM's repository of a tree, in the same way. */
export class AlchemyTreeRepository<T extends ObjectLiteral> extends TreeRepository<T> {
  static {
    asOperations(AlchemyTreeRepository, [...reads, ...treeReads], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }
}
