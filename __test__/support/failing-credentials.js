'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { temporaryFolder } = require('./files');

/** Where nobody answers. */
const NOBODY = 'http://127.0.0.1:9';
const ROLE = 'arn:aws:iam::123456789012:role/app';
const BASE = '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n';

const commandOf = (command) => `[profile app]\ncredential_process = ${command}\n`;
const role = `[profile app]\nrole_arn = ${ROLE}\nsource_profile = base\n${BASE}`;
const sso =
  '[profile app]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = app\n' +
  '[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n';

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
  ],
  'a profile': [
    {
      what: 'a profile without keys',
      config: '[profile app]\nregion = eu-west-1\n',
      text: /the profile app, but it gives none/,
    },
  ],
};

module.exports = { FAILURES, NOBODY, commandOf };
