import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler, type Response } from "express";
import helmet from "helmet";

/** The folder of the pages, seen from dist/src/dashboard. */
const PUBLIC = fileURLToPath(new URL("../../../public", import.meta.url));

/** The same library that npm installed, as one file for browsers. */
const CHART_LIBRARY = path.join(
  path.dirname(createRequire(import.meta.url).resolve("chart.js")),
  "chart.umd.min.js",
);

const DIRECTIVES = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/** Asked for again each time, and answered from the browser's copy if nothing has changed. */
export const FRESH = { headers: { "cache-control": "no-cache" } };

const PAGE = { root: PUBLIC, ...FRESH };

/** Sends a page of the folder. */
export function sendPage(response: Response, name: string): void {
  response.sendFile(`${name}.html`, PAGE);
}

/** Sends one file of those that pages load. */
export function sendAsset(response: Response, name: string): void {
  response.sendFile(name, { root: path.join(PUBLIC, "assets"), ...FRESH });
}

/** Pages run their own scripts, have their own styles, ask this service, and are in no frame. */
export const securityHeaders: RequestHandler = securityHeadersWith({});

/** @param more directives for a page that needs more than its own scripts and styles */
export function securityHeadersWith(more: Record<string, string[]>): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { ...DIRECTIVES, ...more } },
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
}

/** What the pages load; there is nothing in it that only an administrator may see. */
export const assets = express
  .Router()
  .get("/chart.js", (_request, response) => response.sendFile(CHART_LIBRARY, FRESH))
  .use(express.static(path.join(PUBLIC, "assets"), { index: false, cacheControl: false }));
