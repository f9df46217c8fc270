export { DateTime } from 'luxon'
export { ActiveAlchemy } from './active-alchemy.js'
export {
  type AlchemyError,
  CheckError,
  DatabaseError,
  DeadlockError,
  ForeignKeyError,
  isAlchemyError,
  LockTimeoutError,
  NotNullError,
  SerializationError,
  UniqueError,
  ValueError,
} from './drivers/database-error.js'
export {
  ActiveAlchemyError,
  AlreadyConfiguredError,
  AnsweredError,
  CommitError,
  CommitUnknownError,
  ConflictError,
  ConnectionFailedError,
  ConnectionLostError,
  DatabaseClosedError,
  DdlInScopeError,
  DecryptionError,
  type ErrorCode,
  ForeignRecordError,
  ForeignSessionError,
  InvalidCursorError,
  InvalidFilterError,
  InvalidIdentifierError,
  InvalidOptionError,
  InvalidPageError,
  InvalidStatementError,
  InvalidUriError,
  InvalidValueError,
  MissingDriverError,
  MissingPackageError,
  ModelDefinitionError,
  MultipleRecordsError,
  NestedScopeError,
  NestedTransactionTimeoutError,
  NoScopeError,
  PoolTimeoutError,
  PreconditionFailedError,
  ProtectedColumnError,
  RecordNotFoundError,
  RolledBackError,
  SandboxError,
  ScopeClosedError,
  SessionFailedError,
  StaleRecordError,
  TransactionControlError,
  TransactionEndedError,
  TransactionOpenError,
  TransactionTimeoutError,
  UnknownColumnError,
  UnsupportedError,
  type ValueFault,
  type ValueFaultCode,
  WriteIgnoredError,
} from './errors.js'
export type { CheckVerdict, ColumnCheck, ModelCheck, ModelVerdict } from './mapping/check.js'
export type { AggregatedOptions, AggregateFunction } from './mapping/aggregate.js'
export type { ColumnDefinition, ColumnOptions, ComputedOptions, DecoratingColumn } from './mapping/column.js'
export type { LengthLimit } from './mapping/limits.js'
export type { ModelClass } from './mapping/model-class.js'
export type { OwnRelationOptions, RelationDefinition } from './mapping/relation.js'
export type { SchemaIssue, SchemaProperties, SchemaResult, StandardSchema } from './mapping/standard-schema.js'
export { BaseModel, type OwnQuery, type WithQueries } from './model/base-model.js'
export type {
  ColumnMap,
  CountsRelated,
  CreateValues,
  ExtendingSettings,
  Fields,
  ModelDoor,
  ViewDoor,
  ViewSettings,
  ModelSettings,
  NewValues,
  OtherCreateValues,
  TypedModel,
  UpsertOptions,
  WhereValues,
} from './model/definition.js'
export type { IncrementArguments, IncrementOptions } from './model/increment.js'
export type { EntityVerbs } from './model/entity-verbs.js'
export type { JsonSchema, JsonSchemaOptions } from './model/json-schema.js'
export { Model } from './model/model.js'
export type { PruneOptions } from './model/prune.js'
export { ModelSession as Session } from './model/model-session.js'
export { RecordPromise } from './model/record-promise.js'
export type { Dict, DictKey, DictOptions } from './model/serialize.js'
export { View } from './model/view.js'
export type { ViewExpression } from './mapping/view.js'
export type { DeleteOptions, GetManyOptions, GetOptions, WithOptions } from './model/verbs.js'
export type { DataTypes } from './model/vocabulary.js'
export type { ActiveAlchemyOptions, AdoptOptions, BoundOptions, IsolationLevel } from './options.js'
export { CursorPage, type CursorPageJson } from './pagination/cursor-page.js'
export type { CursorOptions, PageOptions } from './pagination/page-request.js'
export type { OptimisticLock } from './plan/optimistic-lock.js'
export type { WindowOptions } from './pagination/page-window.js'
export { type PageJson, type PageLinks, Paginator } from './pagination/paginator.js'
export { type RenderOptions, renderPagination } from './pagination/render.js'
export {
  type BulkOptions,
  type BulkUpdateOptions,
  type BulkValues,
  type DeletedOptions,
  Query,
  type Row,
  type WithRelations,
} from './query/query.js'
export type { AssignOptions } from './plan/assignment.js'
export type { Columns } from './query/columns.js'
export { type ColumnOperator, Condition, Expression, Ordering } from './query/expression.js'
export type { func, Functions, NamedFunction } from './query/func.js'
export type { BatchOptions } from './query/batches.js'
export type { NotFound } from './query/not-found.js'
export type { LockOptions } from './query/query-state.js'
export * from './query/op.js'
export type { Combined, Filter, FilterObject, Operator, RelationOperator } from './query/operators.js'
export { Sql, SqlQuery, type SqlTag } from './query/sql.js'
export type { StreamOptions } from './query/stream.js'
export { Inspector, type InspectorAnswer, type InspectorOptions } from './inspector/inspector.js'
export type { Health, HealthOptions } from './schema/health.js'
export type { Sandbox, SandboxOptions } from './sandbox/sandbox.js'
export type { PoolTrace, QueryTrace, ScopeTrace, Traces, TransactionTrace } from './scope/diagnostics.js'
export type { Reporter, ReportEvent, ReportKind } from './scope/report.js'
export type { HookOptions } from './scope/hooks.js'
export type { RecordEvent, RecordHook } from './session/record-hooks.js'
export type { SentStatement } from './session/statement-log.js'
export type { BeginHook, BegunSession } from './session/session.js'
export type { AlchemyDataSource } from './typeorm/data-source.js'
export type { RunOptions, TransactionOptions } from './typeorm/run-transaction.js'
export type { TransactionalDecorator } from './typeorm/transactional.js'
export type { Choice, ChoiceColumnType } from './types/choice.js'
export type {
  ColumnKind,
  ColumnPlace,
  ColumnStorage,
  ColumnType,
  ComputedType,
  DatabaseKind,
  GeneratingType,
  NumberRange,
  TypeDefinition,
} from './types/column-type.js'
export type { Composite, CompositeColumns, CompositeInput, CompositeOptions } from './types/composite.js'
export type { EncryptedOptions, EncryptionKey } from './types/encrypted.js'
export type { JsonColumnType, JsonValue } from './types/json.js'
export type { TreePath, TreeQuery } from './types/ltree.js'
export { Range, type RangeBounds, type RangeInput } from './types/range.js'
export type { SearchVector, TSVectorOptions } from './types/ts-vector.js'
export type { URLOptions } from './types/url.js'
export type { UUIDOptions } from './types/uuid.js'
export type { Weekday } from './types/week-days.js'
export { Password, type PasswordOptions } from './types/password.js'
