import { commitFailure } from '../scope/members.js'
import type { Session } from '../session/session.js'

/** Asks several databases the same, one after the other. @returns What all of them gave. */
export async function inTurn<Each, Result>(all: readonly Each[], work: (each: Each) => Promise<readonly Result[]>): Promise<Result[]> {
  const results: Result[] = []
  for (const each of all) results.push(...(await work(each)))
  return results
}

/** Commits sessions one after the other. @throws {CommitError} Some have committed and one has not. @throws What it failed with, where none has. */
export async function commitAll(sessions: readonly Session[]): Promise<void> {
  const kept: Session[] = []
  for (const [index, session] of sessions.entries()) {
    const isTouched = session.touched
    try {
      await session.commit()
    } catch (error) {
      const lost = sessions.slice(index).filter((each) => each === session || each.touched)
      throw commitFailure(kept, lost, error)
    }
    if (isTouched) kept.push(session)
  }
}
