import { settle, type Settled } from "./defaults.js";
import { readFields, type Fields } from "./fields.js";
import { bodyProblems, problemsBetween } from "./rules.js";

/** All settings of the service, checked. */
export interface Config extends Fields, Settled {}

export class Config {
  constructor(settings: Fields & Settled) {
    Object.assign(this, settings);
  }
}

/** Why the service does not start: every problem with its settings, not only the first. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(["The service does not start:", ...problems.map((problem) => `- ${problem}`)].join("\n"));
    this.name = "ConfigError";
  }
}

/**
 * Reads the settings from environment variables.
 *
 * @throws {ConfigError} with every problem.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { fields, problems } = readFields(environment);
  const all = [
    ...problems,
    ...problemsBetween(environment),
    ...(fields ? bodyProblems(fields) : []),
  ];
  if (!fields || all.length > 0) throw new ConfigError(all);
  return new Config({ ...fields, ...settle(fields) });
}
