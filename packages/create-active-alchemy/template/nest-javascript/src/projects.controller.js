import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { decorate } from './decorate.js'
import { Project, Task } from './models/index.js'

export class ProjectsController {
  list(page) {
    return Project.query().orderBy('name').paginate({ page, perPage: 20 })
  }

  create(values) {
    return Project.create(values)
  }

  find(id) {
    return Project.getOrError(id, { with: ['tasks'] })
  }

  async addTask(id, title) {
    const project = await Project.getOrError(id)
    return Task.create({ title, project })
  }
}

decorate(ProjectsController, Controller('projects'), {
  list: [[Get()], Query('page')],
  create: [[Post()], Body()],
  find: [[Get(':id')], Param('id')],
  addTask: [[Post(':id/tasks')], Param('id'), Body('title')],
})
