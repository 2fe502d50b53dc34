import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from "@nestjs/common";
import type { Response } from "express";
import { orUnavailable } from "../database/unavailable.js";
import { ServiceError, type ServiceErrorCode } from "../common/service-error.js";

const STATUS: Partial<Record<ServiceErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  ISSUER_UNAVAILABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  CLOCK_DIFFERS: 503,
  FORBIDDEN: 403,
  TOO_MANY_REQUESTS: 429,
  BAD_USER_INPUT: 400,
  BODY_TOO_LARGE: 413,
};

/** Errors outside of GraphQL, in the shape that GraphQL's have. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  constructor(private readonly onError: (code: string) => void = () => {}) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // In a resolver it is GraphQL that answers.
    if (host.getType<string>() === "graphql") throw error;
    const known = asServiceError(error);
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    this.onError(known.code);
    const errors = [{ message: known.message, extensions: known.extensions }];
    response.status(statusOf(known, error)).json({ errors });
  }
}

function asServiceError(thrown: unknown): ServiceError {
  const error = orUnavailable(thrown);
  if (error instanceof ServiceError) return error;
  const status = statusIn(error);
  if (status === 413) return new ServiceError("BODY_TOO_LARGE", "The body is too large.");
  if (status === 404)
    return new ServiceError("BAD_USER_INPUT", "There is nothing at this address.");
  if (status && status < 500)
    return new ServiceError("BAD_USER_INPUT", "The request is malformed.");
  return new ServiceError("INTERNAL", "Something went wrong here; try again later.");
}

function statusOf(known: ServiceError, error: unknown): number {
  return STATUS[known.code] === 400 ? (statusIn(error) ?? 400) : (STATUS[known.code] ?? 500);
}

function statusIn(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown }).status;
  return typeof status === "number" ? status : undefined;
}
