import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { Project, Task } from './models/index.js'

@Controller('projects')
export class ProjectsController {
  @Get()
  list(@Query('page') page?: string) {
    return Project.query().orderBy('name').paginate({ page, perPage: 20 })
  }

  @Post()
  create(@Body() values: { name: string }) {
    return Project.create(values)
  }

  @Get(':id')
  find(@Param('id') id: string) {
    return Project.getOrError(id, { with: ['tasks'] })
  }

  @Post(':id/tasks')
  async addTask(@Param('id') id: string, @Body('title') title: string) {
    const project = await Project.getOrError(id)
    return Task.create({ title, project })
  }
}
