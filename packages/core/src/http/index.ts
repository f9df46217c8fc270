export { bindHttp, noteError, scopeOf, settleHttp } from './bind-http.js'
export {
  type Answer,
  type BindOptions,
  isSkipped,
  optionsIn,
  readBindOptions,
  readRouteOptions,
  refuseUncalled,
  type RouteOptions,
} from './bind-options.js'
export {
  failReply,
  type FastifyReplyLike,
  isHidden,
  plainWords,
  type Problem,
  problemOf,
  problemType,
  sendFailure,
  sendText,
  statusOf,
} from './failed-answer.js'
export { type ObservedWork, observeHttp, observeWork } from './observe-http.js'
export { describesBody, type Holding, holdResponse } from './hold-response.js'
export { currentScope, type Outcome, Scope } from '../scope/scope.js'
export { flag, type Options, readOptions, text } from '../options.js'
