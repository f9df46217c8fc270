import { aggregateRows } from './conformance/aggregates.ts'
import { askingRows } from './conformance/asking.ts'
import { bindRows } from './conformance/binds.ts'
import { checkRows } from './conformance/checks.ts'
import { connectionRows } from './conformance/connections.ts'
import { cursorRows } from './conformance/cursors.ts'
import { entityVerbRows } from './conformance/entity-verbs.ts'
import { errorRows } from './conformance/errors.ts'
import { deletionRows } from './conformance/deletion.ts'
import { dictRows } from './conformance/dicts.ts'
import { definitionRows } from './conformance/definitions.ts'
import { finderRows } from './conformance/finders.ts'
import { filterRows } from './conformance/filters.ts'
import { hookRows } from './conformance/hooks.ts'
import { inheritanceRows } from './conformance/inheritance.ts'
import { inputRows } from './conformance/input.ts'
import { lockRows } from './conformance/locks.ts'
import { migrationRows } from './conformance/migrations.ts'
import { optimisticLockRows } from './conformance/optimistic-lock.ts'
import { optionRows } from './conformance/options.ts'
import { encryptionRows } from './conformance/encryption.ts'
import { passwordRows } from './conformance/passwords.ts'
import { plainColumnRows } from './conformance/plain-columns.ts'
import { plainEntityRows } from './conformance/plain-entities.ts'
import { queryRows } from './conformance/queries.ts'
import { recordRows } from './conformance/records.ts'
import { relationRows } from './conformance/relations.ts'
import { relationKeyRows } from './conformance/relations-keys.ts'
import { relationLoadingRows } from './conformance/relations-loading.ts'
import { schemaRows } from './conformance/schema.ts'
import { sessionRows } from './conformance/session.ts'
import { softDeleteRows } from './conformance/soft-delete.ts'
import { diagnosticsRows } from './conformance/diagnostics.ts'
import { statementLogRows } from './conformance/statement-log.ts'
import { statementRows } from './conformance/statements.ts'
import { utilityRows } from './conformance/utilities.ts'
import { valueRows } from './conformance/values.ts'
import { verbRows } from './conformance/verbs.ts'
import { viewRows } from './conformance/views.ts'
import { bulkWriteRows } from './conformance/bulk-writes.ts'
import { eagerRows } from './conformance/eager.ts'
import { joinedQueryRows } from './conformance/joined-queries.ts'
import { loopRows } from './conformance/loops.ts'
import { windowRows } from './conformance/windows.ts'
import { selectionRows } from './conformance/selections.ts'
import { streamRows } from './conformance/streams.ts'
import { sqlRows } from './conformance/sql.ts'
import { refusedStatementRows } from './conformance/refused-statements.ts'
import { secretRows } from './conformance/secrets.ts'
import { schemaChangeRows } from './conformance/schema-changes.ts'
import { silenceRows } from './conformance/silence.ts'
import { textRows } from './conformance/texts.ts'
import { typeormFeatureRows } from './conformance/typeorm-features.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('verbs', verbRows)
eachDatabase('soft delete', softDeleteRows)
eachDatabase('queries', queryRows)
eachDatabase('filters', filterRows)
eachDatabase('checks', checkRows)
eachDatabase('dictionaries', dictRows)
eachDatabase('finders', finderRows)
eachDatabase('relations', relationRows)
eachDatabase('loading relations', relationLoadingRows)
eachDatabase('keys of relations', relationKeyRows)
eachDatabase('binds', bindRows)
eachDatabase('sessions', sessionRows)
eachDatabase('input', inputRows)
eachDatabase('records', recordRows)
eachDatabase('plain columns', plainColumnRows)
eachDatabase('definitions', definitionRows)
eachDatabase('errors', errorRows)
eachDatabase('statements', statementRows)
eachDatabase('statement log', statementLogRows)
eachDatabase('diagnostics', diagnosticsRows)
eachDatabase('options', optionRows)
eachDatabase('connections', connectionRows)
eachDatabase('refused statements', refusedStatementRows)
eachDatabase('secrets', secretRows)
eachDatabase('silence', silenceRows)
eachDatabase('texts', textRows)
eachDatabase('schema changes', schemaChangeRows)
eachDatabase('values', valueRows)
eachDatabase('passwords', passwordRows)
eachDatabase('encryption', encryptionRows)
eachDatabase('migrations', migrationRows)
eachDatabase('views', viewRows)
eachDatabase('bulk writes', bulkWriteRows)
eachDatabase('eager relations', eagerRows)
eachDatabase('joined queries', joinedQueryRows)
eachDatabase('loops', loopRows)
eachDatabase('windows', windowRows)
eachDatabase('cursors', cursorRows)
eachDatabase('streams', streamRows)
eachDatabase('selections', selectionRows)
eachDatabase('SQL', sqlRows)
eachDatabase('inheritance', inheritanceRows)
eachDatabase('plain entities', plainEntityRows)
eachDatabase('verbs of an entity', entityVerbRows)
eachDatabase('schema', schemaRows)
eachDatabase('asking', askingRows)
eachDatabase('locks', lockRows)
eachDatabase('optimistic locks', optimisticLockRows)
eachDatabase('hooks', hookRows)
eachDatabase('aggregates', aggregateRows)
eachDatabase('utilities', utilityRows)
eachDatabase('deletion', deletionRows)
eachDatabase('TypeORM', typeormFeatureRows)
