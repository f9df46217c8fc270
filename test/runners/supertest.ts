import { middleware } from '@active-alchemy/express'
import express from 'express'
import request from 'supertest'
import { report, type Start } from './application.ts'

/** Express by supertest, which starts a server for each request. */
export const start: Start = async (db, handler) => {
  const app = express().use(middleware(db, { report }))
  app.post('/notes/:text', async (req, res) => {
    res.status(await handler(req.params.text)).json({})
  })
  return {
    post: async (text, headers) => (await request(app).post(`/notes/${text}`).set(headers)).status,
    close: async () => undefined,
  }
}
