import { costLimitRule } from "@escape.tech/graphql-armor-cost-limit";
import { maxAliasesRule } from "@escape.tech/graphql-armor-max-aliases";
import { maxDepthRule } from "@escape.tech/graphql-armor-max-depth";
import { maxDirectivesRule } from "@escape.tech/graphql-armor-max-directives";
import type { ValidationContext, ValidationRule } from "graphql";
import { ServiceError } from "../common/service-error.js";

/** The most tokens of a document; parsing stops there. */
export const MAX_TOKENS = 500;

const MAX_DEPTH = 6;
const MAX_ALIASES = 5;
const MAX_DIRECTIVES = 10;
const MAX_COST = 500;

/** Rules that refuse documents which would cost too much, before anything of them is run. */
export const boundRules: readonly ValidationRule[] = [
  maxDepthRule({ n: MAX_DEPTH, flattenFragments: true, ...refusing("is nested too deeply") }),
  maxAliasesRule({ n: MAX_ALIASES, ...refusing("has too many aliases") }),
  maxDirectivesRule({ n: MAX_DIRECTIVES, ...refusing("has too many directives") }),
  costLimitRule({ maxCost: MAX_COST, flattenFragments: true, ...refusing("costs too much") }),
] as ValidationRule[];

function refusing(problem: string) {
  return {
    propagateOnRejection: false,
    onReject: [
      (context: ValidationContext | null) =>
        context?.reportError(new ServiceError("REQUEST_TOO_COMPLEX", `The request ${problem}.`)),
    ],
  };
}
