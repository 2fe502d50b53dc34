import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from "@nestjs/common";
import { defer, from, lastValueFrom, type Observable } from "rxjs";
import { requestOf } from "../auth/caller.js";
import { Config } from "../config/config.js";
import { FairQueue } from "./fair-queue.js";

/** So many requests of a user may wait for their turn; all of them are held in memory. */
const MOST_WAITING_OF_USER = 100;

/** Lets the operations of users begin in fair turns. */
@Injectable()
export class FairTurns implements NestInterceptor {
  private readonly queue: FairQueue;

  constructor(config: Config) {
    this.queue = new FairQueue({
      atOnce: config.LIMIT_CONCURRENCY,
      atOnceOfUser: config.LIMIT_USER_CONCURRENCY,
      waitingOfUser: MOST_WAITING_OF_USER,
    });
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const userId = requestOf(context).caller?.userId;
    if (userId === undefined) return next.handle();
    return defer(() => from(this.queue.run(userId, () => lastValueFrom(next.handle()))));
  }
}
