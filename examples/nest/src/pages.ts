import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common'

/** What a page takes of a request, and gives; the shop's pages are JavaScript. */
interface Asked {
  readonly id?: string
  readonly query?: object
  readonly form?: object
}

type Page = (asked: Asked) => Promise<{ readonly status: number; readonly headers: Record<string, string>; readonly body: string }>

type Pages = Readonly<Record<'products' | 'edit' | 'save' | 'delete' | 'undo' | 'orderForm' | 'order', Page>>

/** What of an answer of Express is written here. */
interface Response {
  status(code: number): this
  set(headers: Record<string, string>): this
}

export const pagesToken = Symbol('pages')

@Controller()
export class PagesController {
  constructor(@Inject(pagesToken) private readonly pages: Pages) {}

  @Get()
  products(@Query() query: object, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.products, { query }, response)
  }

  @Get('products/:id/edit')
  edit(@Param('id') id: string, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.edit, { id }, response)
  }

  @Post('products/:id/edit')
  save(@Param('id') id: string, @Body() form: object, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.save, { id, form }, response)
  }

  @Post('products/:id/delete')
  delete(@Param('id') id: string, @Body() form: object, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.delete, { id, form }, response)
  }

  @Post('products/:id/undo')
  undo(@Param('id') id: string, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.undo, { id }, response)
  }

  @Get('products/:id/order')
  orderForm(@Param('id') id: string, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.orderForm, { id }, response)
  }

  @Post('products/:id/order')
  order(@Param('id') id: string, @Body() form: object, @Res({ passthrough: true }) response: Response): Promise<string> {
    return show(this.pages.order, { id, form }, response)
  }
}

async function show(page: Page, asked: Asked, response: Response): Promise<string> {
  const { status, headers, body } = await page(asked)
  response.status(status).set(headers)
  return body
}
