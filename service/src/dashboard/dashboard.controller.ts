import { Controller, Get, ParseIntPipe, Query, Req, Res, UseGuards } from "@nestjs/common";
import type { Request, Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { Summaries } from "../metrics/summaries.js";
import { Administrators } from "./administrators.js";
import { PAGE } from "./pages.js";

/** The dashboard, for administrators: its page and its numbers. */
@Public()
@Controller("dashboard")
export class DashboardController {
  constructor(
    private readonly administrators: Administrators,
    private readonly summaries: Summaries,
  ) {}

  /** The page itself, or the one to sign in. */
  @Get()
  async page(@Req() request: Request, @Res() response: Response): Promise<void> {
    // What the page asks for is named relative to this folder.
    if (!request.path.endsWith("/")) return response.redirect(308, "/dashboard/");
    const page = (await this.administrators.isAsking(request)) ? "index.html" : "sign-in.html";
    response.sendFile(page, PAGE);
  }

  @Get("summary")
  @UseGuards(Administrators)
  summary(@Query("hours", ParseIntPipe) hours: number) {
    return this.summaries.summarize(hours);
  }
}
