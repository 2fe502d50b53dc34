'use strict';

const js = require('@eslint/js');
const globals = require('globals');

module.exports = [
  {
    ignores: [
      '**/target/',
      '**/node_modules/',
      '.venv/',
      '.venv-localstack/',
      '.venv-s3/',
      '.venv-tink/',
      '.venv-zig/',
      'service/dist/',
    ],
  },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // What a terminal is told, or must not be told, is written with them.
      'no-control-regex': 'off',
      'no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
  {
    files: ['lib/**/*.js'],
    rules: {
      // Of a Proxy that was revoked it throws what is no EnvelopeError.
      'no-restricted-properties': [
        'error',
        { object: 'Array', property: 'isArray', message: 'Use isArray of lib/input.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ":function:not(CallExpression[callee.name='lazy'] > ArrowFunctionExpression) CallExpression[callee.name='require']",
          message: 'Use lazy of lib/lazy.js: each call of require looks its path up again.',
        },
      ],
    },
  },
  {
    files: ['__test__/surroundings/{jest,mocha}/*'],
    languageOptions: { globals: { ...globals.jest, ...globals.mocha } },
  },
  {
    files: [
      'examples/*.js',
      'examples/*/*.js',
      'site/**/*.js',
      '__test__/runtimes/next/app/**/*.js',
    ],
    languageOptions: { sourceType: 'module' },
  },
  {
    files: ['service/public/**/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.browser },
  },
];
