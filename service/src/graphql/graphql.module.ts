import { ApolloDriver, type ApolloDriverConfig } from "@nestjs/apollo";
import { GraphQLModule } from "@nestjs/graphql";
import { Config } from "../config/config.js";
import { Log } from "../logging/log.js";
import { Prometheus } from "../prometheus/prometheus.js";
import { boundRules, MAX_TOKENS } from "./bounds.js";
import { errorLog } from "./error-log.js";
import { formatError } from "./errors.js";
import { knownOperationsRule } from "./known-operations.js";
import { oneMutationRule } from "./one-mutation.js";

/** The GraphQL endpoint, with its bounds. */
export const ServiceGraphQLModule = GraphQLModule.forRootAsync<ApolloDriverConfig>({
  driver: ApolloDriver,
  inject: [Config, Log, Prometheus],
  useFactory: (config: Config, log: Log, prometheus: Prometheus) => ({
    autoSchemaFile: true,
    path: "/graphql",
    introspection: !config.isProduction || config.GRAPHIQL === "on",
    // The page that comes with it loads scripts of another host: there is one of our own.
    graphiql: false,
    playground: false,
    hideSchemaDetailsFromClientErrors: config.isProduction,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    autoTransformHttpErrors: false,
    // Each one is parsed and validated: with persisted queries off, nothing is kept for attackers.
    persistedQueries: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [...boundRules, knownOperationsRule, oneMutationRule],
    formatError,
    plugins: [errorLog(log, (code) => prometheus.countError(code))],
  }),
});
