export { bindHttp, checkBindOptions, noteError, optionsIn, scopeOf, settleHttp } from './bind-http.js'
export type { Answer, BindOptions } from './exchange.js'
export { describesBody, type Holding, holdResponse } from './hold-response.js'
export { currentScope, type Outcome, Scope } from '../scope/scope.js'
