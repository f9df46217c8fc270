import { currentScope, noteError } from '@active-alchemy/core/http'
import { Catch, type ExceptionFilter } from '@nestjs/common'

/** Matches no error; that it is asked about each one is what it is for. */
class Witnessed {
  static [Symbol.hasInstance](error: unknown): boolean {
    const scope = currentScope()
    if (scope) noteError(scope, error)
    return false
  }
}

/** The first filter that Nest asks about an error; it notes it, and leaves it to the others. */
@Catch(Witnessed)
export class WitnessFilter implements ExceptionFilter {
  catch(): void {}
}
