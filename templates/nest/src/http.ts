import "reflect-metadata";
import { Body, Controller, Get, HttpException, Inject, Module, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { readiness } from "./health.ts";
import { Orders, orderRequest } from "./orders.ts";
import type { Shop } from "./shop.ts";

const APPS = Symbol("the running services");

@Controller()
class Probes {
  constructor(@Inject(APPS) readonly apps: Shop["apps"]) {}

  @Get("live")
  live() {
    return "live";
  }

  @Get("ready")
  async ready() {
    const { ready, services } = await readiness(this.apps);
    if (!ready) throw new HttpException(services, 503);
    return services;
  }
}

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

export async function serve({ apps, orders }: Shop, port: number) {
  const http = await NestFactory.create(
    {
      module: ShopModule,
      controllers: orders === undefined ? [Probes] : [Probes, OrdersController],
      providers: [
        { provide: APPS, useValue: apps },
        { provide: Orders, useValue: orders },
      ],
    },
    { logger: ["warn", "error"] },
  );
  await http.listen(port);
  return { close: () => http.close() };
}
