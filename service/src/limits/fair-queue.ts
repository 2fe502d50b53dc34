import { ServiceError } from "../common/service-error.js";

export interface FairQueueOptions {
  /** How many may be at work at once, of all users together. */
  readonly atOnce: number;
  readonly atOnceOfUser: number;
  /** How many of a user may wait. */
  readonly waitingOfUser: number;
}

type Start = () => void;

/**
 * Lets work begin in turns of users rather than in the order of its coming, so that a flood of one
 * user is not in the way of others.
 *
 * Between calls no work waits that could begin: either all places are taken, or each user who waits
 * has as many at work as one may have.
 */
export class FairQueue {
  /** Who waits, in the order of their turns. */
  private readonly waiting = new Map<string, Start[]>();
  private readonly working = new Map<string, number>();
  private total = 0;

  constructor(private readonly options: FairQueueOptions) {}

  /** @throws {ServiceError} `TOO_MANY_REQUESTS` if too much of this user waits already. */
  async run<Result>(user: string, work: () => Promise<Result>): Promise<Result> {
    await this.turnOf(user);
    try {
      return await work();
    } finally {
      this.leave(user);
    }
  }

  private async turnOf(user: string): Promise<void> {
    const line = this.waiting.get(user) ?? [];
    if (line.length >= this.options.waitingOfUser) throw tooMany();
    await new Promise<void>((start) => {
      line.push(start);
      this.waiting.set(user, line);
      this.startAll();
    });
  }

  private startAll(): void {
    for (let user = this.next(); user !== undefined; user = this.next()) {
      const line = this.waiting.get(user)!;
      // To the end of the turns, if there is more of this user.
      this.waiting.delete(user);
      const start = line.shift()!;
      if (line.length > 0) this.waiting.set(user, line);
      this.working.set(user, (this.working.get(user) ?? 0) + 1);
      this.total++;
      start();
    }
  }

  private next(): string | undefined {
    if (this.total >= this.options.atOnce) return undefined;
    for (const user of this.waiting.keys()) {
      if ((this.working.get(user) ?? 0) < this.options.atOnceOfUser) return user;
    }
    return undefined;
  }

  private leave(user: string): void {
    this.total--;
    const left = this.working.get(user)! - 1;
    if (left > 0) this.working.set(user, left);
    else this.working.delete(user);
    this.startAll();
  }
}

function tooMany(): ServiceError {
  const message = "Too many requests of this user are waiting; try again later.";
  return new ServiceError("TOO_MANY_REQUESTS", message, { limit: "user", retryAfterSeconds: 1 });
}
