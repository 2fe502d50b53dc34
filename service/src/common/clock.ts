import { Injectable } from "@nestjs/common";

/** What time it is; tests give the application another one. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** How far this machine's clock is ahead of the time that counts, in milliseconds. */
  difference(): number {
    return 0;
  }

  /** @throws {ServiceError} `CLOCK_DIFFERS` while the two clocks differ, so that one must be wrong. */
  check(): void {}

  /** Learns the time anew, and checks it: before something is removed because of its age. */
  async confirm(): Promise<void> {}
}
