import { existsSync, realpathSync } from 'node:fs'
import { UnsupportedError } from '../../errors.js'

/** Files that are open, by their real paths, with what has opened them. */
const opened = new Map<string, { readonly library: unknown; connections: number }>()

/**
 * Notes that a library opens a file.
 *
 * The locks of a file belong to the process: two SQLite libraries in one do not see each other's, and who closes the file takes away
 * those of the other. Work that was answered as kept was not there then (tried).
 *
 * @returns To be called when it is closed.
 * @throws {UnsupportedError} Another library has it open.
 */
export function openFile(file: string, library: unknown): () => void {
  if (file === ':memory:') return () => {}
  const path = existsSync(file) ? realpathSync(file) : file
  const known = opened.get(path) ?? { library, connections: 0 }
  if (known.library !== library) {
    const remedy = 'Take one driver for all databases of a process that open it.'
    throw new UnsupportedError(`Opening ${path} by two SQLite libraries in one process`, remedy)
  }
  known.connections += 1
  opened.set(path, known)
  let isClosed = false
  return () => {
    if (isClosed) return
    isClosed = true
    known.connections -= 1
    if (known.connections === 0) opened.delete(path)
  }
}
