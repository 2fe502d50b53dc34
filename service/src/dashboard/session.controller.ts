import { Controller, Delete, HttpCode, Post, Req, Res } from "@nestjs/common";
import type { CookieOptions, Request, Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { Administrators, SESSION_COOKIE } from "./administrators.js";

/** Browsers drop cookies of more than 4096 bytes, with name and attributes. */
const LONGEST_TOKEN = 3800;

/** Signing in to the dashboard: a token sent in the header is sent again as a cookie, while it is valid. */
@Public()
@Controller("dashboard/session")
export class SessionController {
  private readonly cookie: CookieOptions;

  constructor(
    config: Config,
    private readonly administrators: Administrators,
  ) {
    // No script reads it, no other site sends it, and only the dashboard is sent it.
    this.cookie = {
      httpOnly: true,
      sameSite: "strict",
      secure: config.isProduction,
      path: "/dashboard",
    };
  }

  @Post()
  @HttpCode(204)
  async signIn(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const token = (request.headers.authorization ?? "").replace(/^Bearer /i, "");
    await this.administrators.check(token);
    if (token.length > LONGEST_TOKEN) {
      const message = `The dashboard takes tokens of at most ${LONGEST_TOKEN} characters.`;
      throw new ServiceError("BAD_USER_INPUT", message);
    }
    response.cookie(SESSION_COOKIE, token, this.cookie);
  }

  @Delete()
  @HttpCode(204)
  signOut(@Res({ passthrough: true }) response: Response): void {
    response.clearCookie(SESSION_COOKIE, this.cookie);
  }
}
