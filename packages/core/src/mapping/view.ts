import type { DataSource, ObjectLiteral, SelectQueryBuilder } from 'typeorm'
import { ModelDefinitionError } from '../errors.js'
import { lineage, type ModelClass } from './model-class.js'

/** The SELECT of a view: its text, or TypeORM's builder of it. @since 0.2 */
export type ViewExpression = string | ((dataSource: DataSource) => SelectQueryBuilder<ObjectLiteral>)

/** What a view is made of. */
export interface ViewDefinition {
  readonly expression: ViewExpression
  /** Whether the database keeps its rows, where it can. */
  readonly materialized: boolean
  /** Views that it reads from. */
  readonly dependsOn: ReadonlySet<ModelClass>
}

/** A class. */
type Target = Parameters<typeof lineage>[0]

/** The classes that views extend. */
const bases = new WeakSet<object>()

/** Takes a class that views extend. */
export function addViewBase(base: object): void {
  bases.add(base)
}

/** Whether a class is one that views extend, or a view. */
export function isView(target: Target): boolean {
  return lineage(target).some((each) => bases.has(each))
}

/** What the view of a class is made of; `undefined` of a class whose rows are those of a table. @throws {ModelDefinitionError} */
export function viewOf(target: Target): ViewDefinition | undefined {
  if (!isView(target)) return undefined
  const expression: unknown = Reflect.get(target, 'as')
  if (!isExpression(expression)) {
    throw new ModelDefinitionError(
      target.name,
      'it is a view of nothing',
      "Give it { as: 'select …' }, or a function that gives a builder of TypeORM.",
    )
  }
  const dependsOn: unknown = Reflect.get(target, 'dependsOn') ?? []
  const classes: unknown[] = Array.isArray(dependsOn) ? dependsOn : [dependsOn]
  return { expression, materialized: Reflect.get(target, 'materialized') === true, dependsOn: new Set(classes.filter(isClass)) }
}

function isExpression(value: unknown): value is ViewExpression {
  return (typeof value === 'string' && value.trim() !== '') || typeof value === 'function'
}

function isClass(value: unknown): value is ModelClass {
  return typeof value === 'function'
}
