import { fileURLToPath } from "node:url";
import {
  Controller,
  Get,
  Module,
  Req,
  Res,
  type MiddlewareConsumer,
  type NestModule,
} from "@nestjs/common";
import express, { type Request, type Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { assets, securityHeaders, sendPage } from "../dashboard/pages.js";

/** The compiled client, seen from dist/src/demo. */
const CLIENT = fileURLToPath(new URL("../../client", import.meta.url));

@Public()
@Controller("demo")
class DemoController {
  @Get()
  page(@Req() request: Request, @Res() response: Response): void {
    // What the page asks for is named relative to this folder.
    if (!request.path.endsWith("/")) return response.redirect(308, "/demo/");
    sendPage(response, "demo");
  }
}

/** A page to try the client with, for development. */
@Module({ controllers: [DemoController] })
export class DemoModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes("demo", "demo/*path");
    consumer.apply(assets).forRoutes("demo/assets");
    consumer.apply(express.static(CLIENT, { index: false })).forRoutes("demo/client");
  }
}
