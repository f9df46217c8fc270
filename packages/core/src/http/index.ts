export { type Answer, bindHttp, type BindOptions, checkBindOptions, noteError, scopeOf } from './bind-http.js'
export { type Holding, holdResponse } from './hold-response.js'
