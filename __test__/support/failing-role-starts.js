'use strict';

const { credentials } = require('./credentials');
const { NOBODY, ROLE, metadata, refusal } = require('./failing-credentials');

const startingFrom = (word) => `[profile app]\nrole_arn = ${ROLE}\ncredential_source = ${word}\n`;
const container = (address) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/start` });
const fromContainer = { config: startingFrom('EcsContainer'), env: container };
const fromInstance = { config: startingFrom('Ec2InstanceMetadata'), env: metadata };
const CONTAINER =
  /should come from EcsContainer, the credential_source of the profile app \(.*, line 3\), but /;
const INSTANCE =
  /should come from Ec2InstanceMetadata, the credential_source of the profile app \(.*, line 3\), but /;
const AFTER = /should come from role_arn of the profile app \(.*, line 2\), but /;
const text = (source, why) => new RegExp(source.source + why);

/** The instance and the container give keys, and STS, which is asked with them, answers this. */
const thenSts = (status, code) => {
  const paths = '/latest/meta-data/iam/security-credentials';
  const isSts = (url) => url === '/';
  const body = (url) => {
    if (isSts(url)) return refusal(code);
    return new RegExp(`${paths}(-extended)?/$`).test(url) ? 'app' : credentials('AKIDSTART');
  };
  return [(url) => (isSts(url) ? status : 200), body];
};

/** A role that starts from where no profile leads, as `FAILURES` has them. */
const FAILING_STARTS = [
  {
    what: 'a container endpoint that is down',
    ...fromContainer,
    env: container(NOBODY),
    text: text(CONTAINER, 'it cannot be reached'),
    passes: true,
  },
  {
    what: 'a container endpoint that throttles',
    ...fromContainer,
    answer: [429, 'SECRET'],
    text: text(CONTAINER, 'it asks to slow down'),
    passes: true,
  },
  {
    what: 'a container endpoint that fails',
    ...fromContainer,
    answer: [500, 'SECRET'],
    text: text(CONTAINER, 'the service failed; try again later'),
    passes: true,
  },
  {
    what: 'a container endpoint that refuses',
    ...fromContainer,
    answer: [403, 'SECRET'],
    text: text(CONTAINER, 'its server refuses'),
  },
  {
    what: 'a metadata service that is not there',
    ...fromInstance,
    env: metadata(NOBODY),
    text: text(INSTANCE, 'it cannot be reached'),
    passes: true,
  },
  {
    what: 'a metadata service that refuses',
    ...fromInstance,
    answer: [403, 'SECRET'],
    text: text(INSTANCE, 'its server refuses'),
  },
  {
    what: 'an instance without a role',
    ...fromInstance,
    answer: [200, (url) => (url.endsWith('/token') ? 'token' : undefined)],
    text: text(INSTANCE, 'it gives none'),
  },
  {
    what: 'a role that is denied to a container',
    ...fromContainer,
    answer: thenSts(403, 'AccessDenied'),
    text: text(AFTER, 'the role is denied; allow sts:AssumeRole in'),
  },
  {
    what: 'STS that throttles a container',
    ...fromContainer,
    answer: thenSts(400, 'Throttling'),
    text: text(AFTER, 'it asks to slow down'),
    passes: true,
  },
  {
    what: 'keys of an instance that STS does not know',
    ...fromInstance,
    answer: thenSts(403, 'InvalidClientTokenId'),
    text: text(AFTER, 'the keys it starts from are not accepted'),
  },
];

module.exports = { FAILING_STARTS };
