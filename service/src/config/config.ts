import { withDefaults, type Defaults } from "./defaults.js";
import { readFields, type Fields } from "./fields.js";
import { problemsBetween } from "./rules.js";

/**
 * All settings of the service, checked, with their defaults. Each has the name of its environment variable:
 * what an operator sets, what an error names and what the code reads is one word. Only what follows from
 * several of them has a name of its own.
 */
export interface Config extends Omit<Fields, keyof Defaults>, Defaults {}

export class Config {
  constructor(settings: Omit<Fields, keyof Defaults> & Defaults) {
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
 * Reads the settings from environment variables; the one place that does.
 *
 * @throws {ConfigError} with every problem.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { fields, problems } = readFields(environment);
  const named = new Set(problems.map(settingOf));
  const between = problemsBetween(fields).filter((problem) => !named.has(settingOf(problem)));
  if (problems.length + between.length > 0) throw new ConfigError([...problems, ...between]);
  return new Config({ ...fields, ...withDefaults(fields) });
}

function settingOf(problem: string): string {
  return problem.split(":")[0]!;
}
