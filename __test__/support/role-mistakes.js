'use strict';

const { config } = require('./configuration-files');

const NO_KEYS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
const ROLE = 'role_arn = arn:aws:iam::123456789012:role/app\n';
const role = (text, more) => ({ ...config(`[default]\n${ROLE}${text}`), ...NO_KEYS, ...more });

/** What is wrong with the role of a profile, in which environment, and what the error must say. */
const ROLE_MISTAKES = [
  [
    'a role that wants keys of the environment, which has none',
    role('credential_source = Environment\n'),
    /^credential_source of the profile default .*line 3\) is "Environment", and AWS_ACCESS_KEY_ID/,
  ],
  [
    'a role that starts from a container where there is none',
    role('credential_source = EcsContainer\n'),
    /line 3\) is "EcsContainer", and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor /,
  ],
  [
    'a role that starts from an instance whose service is switched off',
    role('credential_source = Ec2InstanceMetadata\n'),
    /line 3\) is "Ec2InstanceMetadata", and AWS_EC2_METADATA_DISABLED is true; unset that/,
  ],
  [
    'a credential_source that is none',
    role('credential_source = Ec2Instance\n'),
    /is "Ec2Instance", which is none of Environment, Ec2InstanceMetadata, EcsContainer$/,
  ],
  [
    'a role that starts from nothing',
    role(''),
    /^role_arn of the profile default .*line 2\) needs source_profile or credential_source beside/,
  ],
  [
    'a role that starts from nothing but an empty word',
    role('credential_source =\n'),
    /^role_arn of the profile default .*line 2\) needs source_profile or credential_source beside/,
  ],
  [
    'a role that starts from two',
    role('credential_source = EcsContainer\nsource_profile = default\n'),
    /^credential_source of .*line 3\) and source_profile exclude each other; leave one of them out$/,
  ],
  [
    'a role that starts from a profile that is nowhere',
    role('source_profile = bse\n[profile base]\n'),
    /^source_profile of the profile default .*line 3\) is "bse", which is a profile neither of /,
  ],
  [
    'roles that start from each other',
    role(`source_profile = other\n[profile other]\n${ROLE}source_profile = default\n`),
    /^source_profile of the profile other .*line 6\) is "default", which leads back to itself;/,
  ],
  [
    'a role behind a role that starts from nothing',
    role(`source_profile = "my other"\n[profile my other]\n${ROLE}`),
    /^role_arn of the profile my other .*line 5\) needs source_profile or credential_source beside/,
  ],
];

module.exports = { ROLE_MISTAKES };
