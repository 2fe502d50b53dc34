import type { RequestHandler } from "express";
import { SECOND } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";

/** Ends a request whose body takes too long to come, so that slow senders hold nothing. */
export function bodyTimeout(seconds: number): RequestHandler {
  return (request, response, next) => {
    const timer = setTimeout(() => {
      if (request.complete || response.headersSent) return;
      const text = "The body took too long to come.";
      const { message, extensions } = new ServiceError("REQUEST_TIMEOUT", text);
      response.once("finish", () => request.destroy());
      response.set("connection", "close").status(408);
      response.json({ errors: [{ message, extensions }] });
    }, seconds * SECOND);
    response.once("close", () => clearTimeout(timer));
    next();
  };
}
