import { AlchemyModule } from '@active-alchemy/nest'
import { Module } from '@nestjs/common'
import { db } from './db.js'
import { HealthController } from './health.controller.js'
import { ProjectsController } from './projects.controller.js'
import { TasksController } from './tasks.controller.js'

// Each request is one transaction: kept before its answer leaves, undone by an error or a status of 400 and above.
@Module({
  imports: [AlchemyModule.forRoot({ db, json: true, skip: ({ url }) => url === '/health' })],
  controllers: [HealthController, ProjectsController, TasksController],
})
export class AppModule {}
