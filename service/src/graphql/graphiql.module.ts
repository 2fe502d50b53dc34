import { Module, RequestMethod, type MiddlewareConsumer, type NestModule } from "@nestjs/common";
import express, { type RequestHandler } from "express";
import { FRESH, sendAsset, sendPage, securityHeadersWith } from "../dashboard/pages.js";
import { graphiqlFiles } from "./graphiql-files.js";

/** GraphiQL, from this service alone: it works offline, and no other host's script sees a token. */
@Module({})
export class GraphiQLModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const page = { path: "graphql", method: RequestMethod.GET };
    const files = { path: "graphql/assets/*path", method: RequestMethod.GET };
    consumer.apply(graphiqlPage()).forRoutes(page);
    consumer.apply(headers, assets()).forRoutes(files);
  }
}

/** Its fonts are in its style sheet. */
const headers = securityHeadersWith({ fontSrc: ["data:"], imgSrc: ["'self'", "data:"] });

/** Whoever asks for a page gets it; GraphQL requests go on. */
function graphiqlPage(): RequestHandler {
  return (request, response, next) => {
    response.vary("accept");
    if (request.query.query !== undefined || request.accepts(["json", "html"]) !== "html") {
      return next();
    }
    headers(request, response, (error) => (error ? next(error) : sendPage(response, "graphiql")));
  };
}

function assets(): express.Router {
  const router = express.Router();
  for (const [name, file] of Object.entries(graphiqlFiles())) {
    router.get(`/graphql/assets/${name}`, (_request, response) => response.sendFile(file, FRESH));
  }
  return router
    .get("/graphql/assets/start.js", (_request, response) => sendAsset(response, "graphiql.js"))
    .get("/graphql/assets/page.css", (_request, response) => sendAsset(response, "graphiql.css"))
    .get("/graphql/assets/icon.svg", (_request, response) => sendAsset(response, "icon.svg"));
}
