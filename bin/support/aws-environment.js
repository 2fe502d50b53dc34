'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { env } = process;

/** Returns where credentials come from, in the order in which the SDK asks; never what they are. */
function credentials() {
  const sources = [fromVariables(), fromProfile(), fromWebIdentity(), fromContainer()];
  const found = sources.filter(Boolean);
  if (found.length > 0) return found.join('; else ');
  if (env.AWS_EC2_METADATA_DISABLED === 'true') return 'none in sight';
  return 'none in the environment or in a profile; the role of an EC2 instance, if this is one';
}

/**
 * Returns where the Region comes from.
 *
 * @param {string} name of a key, or of a table
 */
function region(name) {
  const [, service, inArn] = /^arn:[^:]*:(kms|dynamodb):([^:]+):/.exec(name) ?? [];
  if (inArn) return `${inArn}, from the ${service === 'kms' ? "key's" : "table's"} ARN`;
  if (env.AWS_REGION) return `${env.AWS_REGION}, from AWS_REGION`;
  if (env.AWS_DEFAULT_REGION) return `${env.AWS_DEFAULT_REGION}, from AWS_DEFAULT_REGION`;
  return `not in the environment; from the profile ${profileName()}, if that has one`;
}

/** Returns where KMS is looked for. */
function endpoint() {
  for (const name of ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL']) {
    if (env[name]) return `${withoutUser(env[name])}, from ${name}`;
  }
  return "AWS's own, or that of the profile";
}

function fromVariables() {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  if (id && secret) {
    const session = token ? ' with AWS_SESSION_TOKEN' : '';
    return `the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${session}`;
  }
  if (id) return 'AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY';
  return secret ? 'AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID' : undefined;
}

function fromProfile() {
  const name = profileName();
  const config = env.AWS_CONFIG_FILE || path.join(os.homedir(), '.aws', 'config');
  const shared = env.AWS_SHARED_CREDENTIALS_FILE || path.join(os.homedir(), '.aws', 'credentials');
  const inConfig = name === 'default' ? ['default', 'profile default'] : [`profile ${name}`];
  const places = [
    ...(hasSection(config, inConfig) ? [config] : []),
    ...(hasSection(shared, [name]) ? [shared] : []),
  ];
  const origin = env.AWS_PROFILE ? `the profile ${name} (AWS_PROFILE)` : `the profile ${name}`;
  if (places.length > 0) return `${origin} in ${places.join(' and ')}`;
  return env.AWS_PROFILE ? `${origin}, which is neither in ${config} nor in ${shared}` : undefined;
}

function fromWebIdentity() {
  if (!env.AWS_WEB_IDENTITY_TOKEN_FILE) return undefined;
  const role = env.AWS_ROLE_ARN || 'a role that AWS_ROLE_ARN does not name';
  return `a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE) for ${role}`;
}

function fromContainer() {
  const names = ['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  const name = names.find((variable) => env[variable]);
  return name && `the role of the container (${name})`;
}

function profileName() {
  return env.AWS_PROFILE || 'default';
}

/**
 * Returns whether an INI file has one of these sections.
 *
 * @param {string} file
 * @param {string[]} names
 */
function hasSection(file, names) {
  let content;
  try {
    content = fs.readFileSync(file, 'utf8');
  } catch {
    return false;
  }
  const sections = [...content.matchAll(/^\s*\[\s*(.*?)\s*\]/gm)];
  return sections.some(([, name = '']) => names.includes(name.replace(/\s+/g, ' ')));
}

/**
 * Returns a URL without the user and password that it may hold.
 *
 * @param {string | undefined} url
 */
function withoutUser(url = '') {
  return url.replace(/\/\/[^/@]*@/, '//');
}

module.exports = { credentials, endpoint, region };
