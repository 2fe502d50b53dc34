import { Controller, Get, Query, Req, Res, UseGuards } from "@nestjs/common";
import type { Request, Response } from "express";
import { Public } from "../auth/auth.guard.js";
import { isUserId } from "../auth/caller.js";
import { checkForm } from "../common/check-form.js";
import { Administrators } from "./administrators.js";
import { sendPage } from "./pages.js";
import { Subjects } from "./subjects.js";

/** The page about one device or user, and what it shows. */
@Public()
@Controller("dashboard")
export class SubjectsController {
  constructor(
    private readonly administrators: Administrators,
    private readonly subjects: Subjects,
  ) {}

  /** The page itself, or the one to sign in. */
  @Get("subject")
  async page(@Req() request: Request, @Res() response: Response): Promise<void> {
    sendPage(response, (await this.administrators.isAsking(request)) ? "subject" : "sign-in");
  }

  @Get("device")
  @UseGuards(Administrators)
  device(@Query("id") id: string) {
    return this.subjects.device(checked("id", id));
  }

  @Get("user")
  @UseGuards(Administrators)
  user(@Query("id") id: string) {
    return this.subjects.user(checked("id", id));
  }

  @Get("entries")
  @UseGuards(Administrators)
  entries(
    @Query("before") before: string,
    @Query("device") device?: string,
    @Query("user") user?: string,
  ) {
    checkForm("before", /^\d{1,18}$/.test(before));
    const filter =
      user === undefined
        ? { deviceId: checked("device", device) }
        : { userId: checked("user", user) };
    return this.subjects.entries(filter, BigInt(before));
  }
}

/** A parameter that is given twice is an array. */
function checked(field: string, id: unknown): string {
  checkForm(field, isUserId(id));
  return id as string;
}
