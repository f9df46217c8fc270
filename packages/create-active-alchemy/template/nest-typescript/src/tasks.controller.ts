import { Body, Controller, Delete, HttpCode, Param, Patch } from '@nestjs/common'
import { Task } from './models/index.js'

@Controller('tasks')
export class TasksController {
  @Patch(':id')
  update(@Param('id') id: string, @Body() values: { title?: string; isDone?: boolean }) {
    return Task.getOrError(id).update(values)
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string) {
    await Task.getOrError(id).delete()
  }
}
