import "reflect-metadata";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Body, Controller, Get, HttpException, Inject, Module, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { nodeHandler } from "odori/web";
import { Orders, orderRequest } from "./orders.ts";
import { isProbe, probesOf } from "./probes.ts";
import type { Shop } from "./shop.ts";

@Controller("orders")
class OrdersController {
  constructor(@Inject(Orders) readonly orders: Orders) {}

  @Post()
  async place(@Body() body: unknown) {
    const request = orderRequest.safeParse(body);
    if (!request.success) throw new HttpException({ error: request.error.issues }, 400);
    return this.orders.place(request.data);
  }

  @Get(":id")
  async find(@Param("id") id: string) {
    const order = await this.orders.find(id);
    if (order.state === "unknown") throw new HttpException(order, 404);
    return order;
  }
}

@Module({})
class ShopModule {}

export async function serve(shop: Shop, port: number) {
  const { orders } = shop;
  const http = await NestFactory.create(
    {
      module: ShopModule,
      controllers: orders === undefined ? [] : [OrdersController],
      providers: [{ provide: Orders, useValue: orders }],
    },
    { logger: ["warn", "error"] },
  );
  const probes = nodeHandler(probesOf(shop));
  http.use((request: IncomingMessage, response: ServerResponse, next: () => void) =>
    isProbe(request.url) ? probes(request, response) : next(),
  );
  await http.listen(port);
  return { close: () => http.close() };
}
