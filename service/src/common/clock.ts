import { Injectable } from "@nestjs/common";

/** What time it is; tests give the application another one. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}
