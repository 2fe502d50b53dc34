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
    files: ['__test__/surroundings/{jest,mocha}/*'],
    languageOptions: { globals: { ...globals.jest, ...globals.mocha } },
  },
  {
    files: ['examples/*.js', 'site/**/*.js', '__test__/runtimes/next/app/**/*.js'],
    languageOptions: { sourceType: 'module' },
  },
  {
    files: ['service/public/**/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.browser },
  },
];
