import { Body, Controller, Delete, HttpCode, Param, Patch } from '@nestjs/common'
import { decorate } from './decorate.js'
import { Task } from './models/index.js'

export class TasksController {
  update(id, values) {
    return Task.getOrError(id).update(values)
  }

  async remove(id) {
    await Task.getOrError(id).delete()
  }
}

decorate(TasksController, Controller('tasks'), {
  update: [[Patch(':id')], Param('id'), Body()],
  remove: [[Delete(':id'), HttpCode(204)], Param('id')],
})
