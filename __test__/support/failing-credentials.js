'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { temporaryFolder } = require('./files');

/** An address where no server listens. */
const NOBODY = 'http://127.0.0.1:9';
const ROLE = 'arn:aws:iam::123456789012:role/app';
const BASE = '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n';
const LEGACY_SSO =
  'sso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n' +
  'sso_account_id = 123456789012\nsso_role_name = app\n';

const commandOf = (command) => `[profile app]\ncredential_process = ${command}\n`;
const role = `[profile app]\nrole_arn = ${ROLE}\nsource_profile = base\n${BASE}`;
const sso =
  '[profile app]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = app\n' +
  '[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n';
const legacySso = `[profile app]\n${LEGACY_SSO}`;

/** A refusal of STS, whose words are shown to nobody. */
const refusal = (code) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code>` +
  '<Message>User SECRET is not allowed</Message></Error></ErrorResponse>';
/** A refusal of a service that speaks JSON. */
const jsonRefusal = (code) => JSON.stringify({ __type: code, message: 'SECRET' });

const folder = temporaryFolder();
fs.writeFileSync(path.join(folder, 'token'), 'SECRET');
const web = { AWS_WEB_IDENTITY_TOKEN_FILE: path.join(folder, 'token'), AWS_ROLE_ARN: ROLE };

/** What fails, by its source: the profile or the environment, the answer, the text, if it passes. */
const FAILURES = {
  credential_process: [
    {
      what: 'a process that fails',
      config: commandOf('sh -c "echo SECRET >&2; exit 3"'),
      text: /credential_process of the profile app \(.*, line 2\), but the process failed/,
    },
    {
      what: 'a process that fails in words of AWS',
      config: commandOf('sh -c "echo ThrottlingException AccessDenied timed out >&2; exit 3"'),
      text: /but the process failed; run the command/,
    },
    {
      what: 'a process that is not there',
      config: commandOf('/nowhere/vault'),
      text: /the process failed; run the command/,
    },
    {
      what: 'a process that prints no JSON',
      config: commandOf('echo SECRET'),
      text: /its output is not what credential_process must print/,
    },
    {
      what: 'a process that leaves out a key',
      config: commandOf(`echo '{"Version":1,"AccessKeyId":"SECRET"}'`),
      text: /its output is not what/,
    },
    {
      what: 'a process of another version',
      config: commandOf(`echo '{"Version":2,"AccessKeyId":"SECRET"}'`),
      text: /its output is not what/,
    },
  ],
  'an assumed role': [
    {
      what: 'a role that is denied',
      config: role,
      answer: [403, refusal('AccessDenied')],
      text: /role_arn of the profile app .*, but the role is denied; allow sts:AssumeRole in/,
    },
    {
      what: 'STS that throttles',
      config: role,
      answer: [400, refusal('Throttling')],
      text: /role_arn .*, but it asks to slow down/,
      passes: true,
    },
    {
      what: 'STS that fails',
      config: role,
      answer: [503, refusal('ServiceUnavailable')],
      text: /role_arn .*, but the service failed; try again/,
      passes: true,
    },
    {
      what: 'STS behind a page of HTML',
      config: role,
      answer: [502, '<html>Bad gateway</html>'],
      text: /role_arn .*, but the service failed; try again/,
      passes: true,
    },
    {
      what: 'STS that is not there',
      config: role,
      text: /role_arn .*, but it cannot be reached/,
      passes: true,
    },
    {
      what: 'keys that STS does not know',
      config: role,
      answer: [403, refusal('InvalidClientTokenId')],
      text: /the keys it starts from are not accepted/,
    },
    {
      what: 'keys that have expired',
      config: role,
      answer: [400, refusal('ExpiredTokenException')],
      text: /its session or token has expired/,
    },
  ],
  'IAM Identity Center': [
    {
      what: 'SSO without a sign-in',
      config: sso,
      text: /sso_session of the profile app .*, but nobody has signed in; sign in with aws sso login/,
    },
    {
      what: 'an SSO session that has expired',
      config: sso,
      signedIn: { as: 'corp', expired: true },
      text: /sso_session .*, but its session or token has expired; sign in again with aws sso login/,
    },
    {
      what: 'a start URL without a sign-in',
      config: legacySso,
      text: /sso_start_url of the profile app .*, but nobody has signed in; sign in with aws sso/,
    },
    {
      what: 'an SSO session that AWS has ended',
      config: sso,
      signedIn: { as: 'corp' },
      answer: [401, jsonRefusal('UnauthorizedException')],
      text: /its session or token has expired; sign in again with aws sso login/,
    },
    {
      what: 'an SSO role that is not assigned',
      config: sso,
      signedIn: { as: 'corp' },
      answer: [403, jsonRefusal('ForbiddenException')],
      text: /the role is denied; correct the account and the role/,
    },
    {
      what: 'SSO that throttles',
      config: sso,
      signedIn: { as: 'corp' },
      answer: [429, jsonRefusal('TooManyRequestsException')],
      text: /it asks to slow down/,
      passes: true,
    },
    {
      what: 'SSO that is not there',
      config: sso,
      signedIn: { as: 'corp' },
      text: /it cannot be reached/,
      passes: true,
    },
  ],
  'a web identity': [
    {
      what: 'a token file that is missing',
      env: { ...web, AWS_WEB_IDENTITY_TOKEN_FILE: path.join(folder, 'no-token') },
      text: /from AWS_WEB_IDENTITY_TOKEN_FILE, but a file that it needs is missing/,
    },
    {
      what: 'a token that STS refuses',
      env: web,
      answer: [400, refusal('InvalidIdentityToken')],
      text: /the identity token is not accepted/,
    },
    {
      what: 'a token that has expired',
      env: web,
      answer: [400, refusal('ExpiredTokenException')],
      text: /its session or token has expired/,
    },
    {
      what: 'a web role that is denied',
      env: web,
      answer: [403, refusal('AccessDenied')],
      text: /the role is denied; allow sts:AssumeRoleWithWebIdentity in the role's trust policy/,
    },
    {
      what: 'STS that throttles a web identity',
      env: web,
      answer: [400, refusal('Throttling')],
      text: /it asks to slow down/,
      passes: true,
    },
    {
      what: 'STS that is not there for a web identity',
      env: web,
      text: /it cannot be reached/,
      passes: true,
    },
  ],
  'a container': [
    {
      what: 'a container endpoint that is down',
      env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${NOBODY}/role` },
      text: /from AWS_CONTAINER_CREDENTIALS_FULL_URI, but it cannot be reached/,
      passes: true,
    },
    {
      what: 'a container endpoint that throttles',
      env: (address) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: address }),
      answer: [429, 'SECRET'],
      text: /from AWS_CONTAINER_CREDENTIALS_FULL_URI, but it asks to slow down/,
      passes: true,
    },
    {
      what: 'a container endpoint that fails',
      env: (address) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: address }),
      answer: [500, 'SECRET'],
      text: /the service failed; try again later/,
      passes: true,
    },
    {
      what: 'a container endpoint that refuses',
      env: (address) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: address }),
      answer: [403, 'SECRET'],
      text: /its server refuses/,
    },
    {
      what: 'a container endpoint that knows no such role',
      env: (address) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: address }),
      answer: [404, 'SECRET'],
      text: /its server refuses; check the address/,
    },
  ],
  'the metadata service of EC2': [
    {
      what: 'a metadata service that is switched off',
      env: { AWS_EC2_METADATA_DISABLED: 'true' },
      text: /no AWS credentials were found; .*was not asked, as AWS_EC2_METADATA_DISABLED is true/,
    },
    {
      what: 'a metadata service that is not there',
      env: { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: NOBODY },
      text: /no AWS credentials were found; .*was asked, too, and cannot be reached/,
    },
    {
      what: 'a metadata service that refuses',
      env: (address) => metadata(address),
      answer: [403, 'SECRET'],
      text: /was asked, too, and refuses to answer/,
    },
    {
      what: 'a metadata service that fails',
      env: (address) => metadata(address),
      answer: [(url) => (url.endsWith('/token') ? 200 : 500), () => 'SECRET'],
      text: /was asked, too, and failed; try again later/,
      passes: true,
    },
    {
      what: 'an instance without a role',
      env: (address) => metadata(address),
      answer: [200, (url) => (url.endsWith('/token') ? 'token' : undefined)],
      text: /was asked, too, and has no role for this instance/,
    },
  ],
  'a profile': [
    {
      what: 'a profile without keys',
      config: '[profile app]\nregion = eu-west-1\n',
      text: /the profile app, but it gives none/,
    },
  ],
};

function metadata(address) {
  return { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: address };
}

module.exports = { FAILURES, NOBODY, ROLE, commandOf, metadata, refusal };
