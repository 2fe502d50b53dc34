import { Controller, Get, ParseIntPipe, Query, Req, Res, UseGuards } from "@nestjs/common";
import type { Request, Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { checkForm } from "../common/check-form.js";
import { Summaries } from "../metrics/summaries.js";
import { Administrators } from "./administrators.js";
import { sendPage } from "./pages.js";
import { ServiceState } from "./service-state.js";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;

/** The dashboard, for administrators: its page and its numbers. */
@Public()
@Controller("dashboard")
export class DashboardController {
  constructor(
    private readonly administrators: Administrators,
    private readonly summaries: Summaries,
    private readonly serviceState: ServiceState,
  ) {}

  /** The page itself, or the one to sign in. */
  @Get()
  async page(@Req() request: Request, @Res() response: Response): Promise<void> {
    // What the page asks for is named relative to this folder.
    if (!request.path.endsWith("/")) return response.redirect(308, "/dashboard/");
    sendPage(response, (await this.administrators.isAsking(request)) ? "index" : "sign-in");
  }

  /** Of the last `hours`, or of the time from `from` until `until`, as in `2026-11-25T12:00:00Z`. */
  @Get("summary")
  @UseGuards(Administrators)
  summary(
    @Query("hours", new ParseIntPipe({ optional: true })) hours?: number,
    @Query("from") from?: string,
    @Query("until") until?: string,
  ) {
    if (hours !== undefined) return this.summaries.summarize({ hours });
    return this.summaries.summarize({
      from: moment("from", from),
      until: moment("until", until),
    });
  }

  /** Whether all that the service stands on does its work. */
  @Get("state")
  @UseGuards(Administrators)
  state() {
    return this.serviceState.read();
  }
}

/** With its zone: without one, it would be a time of this machine. */
function moment(field: string, text: unknown): Date {
  const time = typeof text === "string" && TIME.test(text) ? new Date(text) : new Date(NaN);
  checkForm(field, !Number.isNaN(time.getTime()));
  return time;
}
