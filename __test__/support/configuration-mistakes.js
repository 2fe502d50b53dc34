'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { config, folder } = require('./configuration-files');
const { ROLE_MISTAKES } = require('./role-mistakes');

/** What is wrong, in which environment, and what the error must say. */
const MISTAKES = [
  ['a Region in quotes', { AWS_REGION: '"eu-west-1"' }, /^AWS_REGION is .* without quotes/],
  ['a Region with a space', { AWS_REGION: 'eu-west-1 ' }, /^AWS_REGION is "eu-west-1 ", /],
  ['a Region with a line break', { AWS_REGION: 'eu-west-1\n' }, /^AWS_REGION is "eu-west-1\\n"/],
  ['a Region with a comment', { AWS_REGION: 'eu-west-1 # Ireland' }, /^AWS_REGION is /],
  ['a Region that is a URL', { AWS_REGION: 'https://eu-west-1' }, /^AWS_REGION is /],
  ['a Region with a dot', { AWS_DEFAULT_REGION: 'eu.west.1' }, /^AWS_DEFAULT_REGION is /],
  ['a Region with a long dash', { AWS_REGION: 'eu\u2013west\u20131' }, /^AWS_REGION is /],
  ['a Region that ends with a dash', { AWS_REGION: 'eu-west-' }, /^AWS_REGION is /],
  [
    'a Region that is much too long',
    { AWS_REGION: 'x'.repeat(9999) },
    /^AWS_REGION is "x{60}\.\.\./,
  ],
  [
    'a quoted Region in a profile',
    config('[default]\n\nregion = "eu-west-1"\n'),
    /^region of the profile default \(.*config-\d+, line 3\) is "\\"eu-west-1\\"", /,
  ],
  [
    'an endpoint without a scheme',
    { AWS_ENDPOINT_URL: 'localhost:4566' },
    /^AWS_ENDPOINT_URL has no scheme; write a URL such as https:/,
  ],
  [
    'an endpoint with a space',
    { AWS_ENDPOINT_URL_KMS: 'http://local host' },
    /^AWS_ENDPOINT_URL_KMS has a space/,
  ],
  [
    'an endpoint with a space after it',
    { AWS_ENDPOINT_URL: 'http://localhost ' },
    /^AWS_ENDPOINT_URL has a space/,
  ],
  [
    'an endpoint in quotes',
    { AWS_ENDPOINT_URL: '"http://localhost:4566"' },
    /^AWS_ENDPOINT_URL has quotes/,
  ],
  [
    'an endpoint of another scheme',
    { AWS_ENDPOINT_URL: 'tcp://localhost:4566' },
    /neither https:\/\/ nor http:/,
  ],
  ['an endpoint with half a scheme', { AWS_ENDPOINT_URL: 'http:/localhost' }, /has no scheme/],
  ['an endpoint without a host', { AWS_ENDPOINT_URL: 'http://' }, /has no host/],
  ['an endpoint with a wrong port', { AWS_ENDPOINT_URL: 'http://localhost:port' }, /wrong port/],
  [
    'an endpoint with too high a port',
    { AWS_ENDPOINT_URL: 'http://localhost:70000' },
    /wrong port/,
  ],
  [
    'an endpoint in a profile without a scheme',
    config('[default]\nendpoint_url = localhost:4566\n'),
    /^endpoint_url of the profile default \(.*, line 2\) has no scheme/,
    { AWS_ENDPOINT_URL_KMS: '' },
  ],
  [
    'an endpoint and FIPS',
    { AWS_USE_FIPS_ENDPOINT: 'true' },
    /^AWS_ENDPOINT_URL_KMS and FIPS .* exclude each other/,
  ],
  [
    'FIPS 1',
    { AWS_USE_FIPS_ENDPOINT: '1' },
    /^AWS_USE_FIPS_ENDPOINT is "1", which is neither true nor false/,
  ],
  ['FIPS 0', { AWS_USE_FIPS_ENDPOINT: '0' }, /neither true nor false/],
  ['FIPS yes', { AWS_USE_FIPS_ENDPOINT: 'yes' }, /neither true nor false/],
  ['FIPS on', { AWS_USE_FIPS_ENDPOINT: 'on' }, /neither true nor false/],
  ['FIPS enabled', { AWS_USE_FIPS_ENDPOINT: 'enabled' }, /neither true nor false/],
  ['FIPS in quotes', { AWS_USE_FIPS_ENDPOINT: "'true'" }, /neither true nor false/],
  ['FIPS with a space', { AWS_USE_FIPS_ENDPOINT: ' true' }, /neither true nor false/],
  [
    'FIPS yes in a profile',
    config('[default]\nuse_fips_endpoint = yes\n'),
    /^use_fips_endpoint of the profile .*line 2\) is "yes"/,
  ],
  ['dual stack 1', { AWS_USE_DUALSTACK_ENDPOINT: '1' }, /^AWS_USE_DUALSTACK_ENDPOINT is "1"/],
  ...['no', 'off', 'TRUE!', 'null', '2', 'disabled', 'f'].map((value) => [
    `FIPS ${value}`,
    { AWS_USE_FIPS_ENDPOINT: value },
    /^AWS_USE_FIPS_ENDPOINT is ".*", which is neither true nor false; write one of them/,
  ]),
  ...['0', 'yes', 'no', 'on', 'off', 'enabled', 'true ', "'true'", 'null', 'T'].map((value) => [
    `dual stack ${value}`,
    { AWS_USE_DUALSTACK_ENDPOINT: value },
    /^AWS_USE_DUALSTACK_ENDPOINT is ".*", which is neither true nor false; write one of them/,
  ]),
  [
    'dual stack on in a profile',
    config('[default]\nuse_dualstack_endpoint = on\n'),
    /^use_dualstack_endpoint of the profile .*line 2\) is "on"/,
  ],
  ['metadata disabled 1', { AWS_EC2_METADATA_DISABLED: '1' }, /^AWS_EC2_METADATA_DISABLED is "1"/],
  [
    'endpoints ignored yes',
    { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'yes' },
    /^AWS_IGNORE_CONFIGURED_ENDPOINT_URLS/,
  ],
  [
    'an odd execution environment',
    { AWS_EXECUTION_ENV: 'caf\u00e9\u0001' },
    /^AWS_EXECUTION_ENV is .* unset it/,
  ],
  ['an odd application', { AWS_SDK_UA_APP_ID: 'my app' }, /^AWS_SDK_UA_APP_ID is "my app"/],
  [
    'a control character in a key id',
    { AWS_ACCESS_KEY_ID: 'AKID\u0001TEST' },
    /^AWS_ACCESS_KEY_ID has a space/,
  ],
  [
    'a line break after a key id',
    { AWS_ACCESS_KEY_ID: 'AKIDTEST\n' },
    /^AWS_ACCESS_KEY_ID has a space, a line break/,
  ],
  [
    'a line break after a secret',
    { AWS_SECRET_ACCESS_KEY: 'top-secret\n' },
    /^AWS_SECRET_ACCESS_KEY has a space/,
  ],
  [
    'a session token with a space',
    { AWS_SESSION_TOKEN: 'to ken' },
    /^AWS_SESSION_TOKEN has a space/,
  ],
  [
    'half of the keys',
    { AWS_SECRET_ACCESS_KEY: '' },
    /^AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY/,
  ],
  [
    'the other half',
    { AWS_ACCESS_KEY_ID: '' },
    /^AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID/,
  ],
  [
    'a misspelt profile',
    {
      ...config('[profile app]\n[profile other]\n'),
      AWS_PROFILE: 'ap',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    },
    /^AWS_PROFILE is "ap", which is a profile neither of .* write one that is there: app, other$/,
  ],
  [
    'junk in another profile',
    config('[default]\nregion = eu-west-1\n[profile x]\njunk\n'),
    /line 4: it must be NAME = VALUE/,
  ],
  [
    'a section without its end',
    config('[default\nregion = eu-west-1\n'),
    /line 1: the name of a section must end with \]/,
  ],
  [
    'a line before all sections',
    config('region = eu-west-1\n'),
    /line 1: it must come after the name of a section/,
  ],
  ['attempts that are no number', { AWS_MAX_ATTEMPTS: 'three' }, /^AWS_MAX_ATTEMPTS is "three"/],
  ['no attempts', { AWS_MAX_ATTEMPTS: '0' }, /which is no whole number of 1 or more$/],
  [
    'a mode of retries that is none',
    { AWS_RETRY_MODE: 'fast' },
    /^AWS_RETRY_MODE is "fast", which/,
  ],
  [
    'attempts in a profile that are no number',
    config('[default]\nmax_attempts = 3x\n'),
    /^max_attempts of the profile default \(.*, line 2\) is "3x"/,
  ],
  [
    'a timeout of the metadata service with a unit',
    { AWS_METADATA_SERVICE_TIMEOUT: '5s' },
    /^AWS_METADATA_SERVICE_TIMEOUT is "5s", which is no whole number/,
  ],
  [
    'a mode of the metadata service that is none',
    { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: '6' },
    /which is none of IPv4, IPv6$/,
  ],
  [
    'an endpoint of STS without a scheme',
    { AWS_ENDPOINT_URL_STS: 'localhost:4566' },
    /^AWS_ENDPOINT_URL_STS has no scheme/,
  ],
  [
    'an endpoint of the metadata service without a scheme',
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: '169.254.169.254' },
    /^AWS_EC2_METADATA_SERVICE_ENDPOINT has no scheme/,
  ],
  [
    'an endpoint in a section of services without a scheme',
    config('[default]\nservices = local\n[services local]\nkms =\n  endpoint_url = localhost:1\n'),
    /^endpoint_url of kms in services local \(.*, line 5\) has no scheme/,
    { AWS_ENDPOINT_URL_KMS: '' },
  ],
  [
    'an endpoint of STS in a section of services with a space',
    config('[default]\nservices = local\n[services local]\nsts =\n  endpoint_url = http://a b\n'),
    /^endpoint_url of sts in services local \(.*, line 5\) has a space/,
  ],
  [
    'services that are nowhere',
    config('[default]\nservices = lokal\n[services local]\nsts =\n  endpoint_url = http://a\n'),
    /^services of the profile default .* is "lokal", which names no section \[services\]/,
  ],
  ...ROLE_MISTAKES,
  ['a file that is not text', { AWS_CONFIG_FILE: binaryFile() }, /is not UTF-8 text at line 2/],
  ['a folder for a file', { AWS_CONFIG_FILE: folder }, /is no file/],
  [
    'a proxy without a host',
    { HTTPS_PROXY: 'http://' },
    /^HTTPS_PROXY is malformed; write one such as http:/,
  ],
  ['a proxy with a wrong port', { HTTPS_PROXY: 'http://proxy:port' }, /^HTTPS_PROXY is malformed/],
  ['a SOCKS proxy', { ALL_PROXY: 'socks5://proxy:1080' }, /^ALL_PROXY names a SOCKS proxy/],
  ...[
    'http://proxy:70000',
    'http://proxy:0',
    'http://:3128',
    'http://pro xy:3128',
    'http://user name@proxy:3128',
    'http://[::1',
    'ftp://proxy:21',
    '://proxy',
  ].map((value) => [
    `the proxy ${value}`,
    { HTTPS_PROXY: value },
    /^HTTPS_PROXY is .*or unset it$/,
  ]),
  ['a proxy in quotes', { HTTPS_PROXY: '"http://proxy:1"' }, /^HTTPS_PROXY is /],
];

function binaryFile() {
  const place = path.join(folder, 'binary');
  fs.writeFileSync(place, Buffer.from([0x5b, 0x78, 0x5d, 0x0a, 0xff, 0xfe]));
  return place;
}

module.exports = { MISTAKES };
