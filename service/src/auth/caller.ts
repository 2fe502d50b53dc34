import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import { GqlExecutionContext } from "@nestjs/graphql";
import type { Request } from "express";

export type Role = "admin" | "metrics";

/** Who sends a request, as the token says, and from where. */
export interface Caller {
  readonly userId: string;
  readonly roles: ReadonlySet<string>;
  readonly address: string;
}

/** Whether this can be a user: text that a database takes, and people can read. */
export function isUserId(value: unknown): value is string {
  return typeof value === "string" && /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(value);
}

export type CallerRequest = Request & {
  caller?: Caller;
  /** What the token says, once for all who ask. */
  verified?: Promise<{ userId: string; roles: Set<string> }>;
};

/** The parameter of a resolver or controller that holds the {@link Caller}. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return requestOf(context).caller;
});

/** The HTTP request, of GraphQL or not. */
export function requestOf(context: ExecutionContext): CallerRequest {
  if (context.getType<string>() !== "graphql") return context.switchToHttp().getRequest();
  return GqlExecutionContext.create(context).getContext<{ req: CallerRequest }>().req;
}
