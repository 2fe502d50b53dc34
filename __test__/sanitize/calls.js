'use strict';

const binding = require('../../lib/native/load.js');

/** What every function has by itself. */
const OF_FUNCTIONS = ['length', 'name', 'arguments', 'caller', 'prototype'];

/** @type {Set<string>} */
const known = new Set();
/** @type {Set<string>} */
const called = new Set();

for (const [name, value] of Object.entries(binding)) {
  if (typeof value !== 'function') continue;
  if (isClass(value)) {
    watchPrototype(name, value.prototype);
    binding[name] = watchedClass(name, value);
  } else {
    known.add(name);
    binding[name] = counted(name, value);
  }
}

/** The functions of the addon that have not been called since this file was loaded. */
function notCalled() {
  return [...known].filter((name) => !called.has(name)).sort();
}

/** A class whose static functions can be neither replaced nor wrapped: they are seen as they are read. */
function watchedClass(name, value) {
  for (const own of ownNames(value)) known.add(`${name}.${own}`);
  return new Proxy(value, {
    get(target, property) {
      called.add(`${name}.${String(property)}`);
      return target[property];
    },
  });
}

function watchPrototype(name, prototype) {
  for (const own of ownNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, own);
    const full = `${name}#${own}`;
    const kind = descriptor.get ? 'get' : 'value';
    known.add(full);
    Object.defineProperty(prototype, own, {
      ...descriptor,
      [kind]: counted(full, descriptor[kind]),
    });
  }
}

function counted(name, call) {
  return function watched(...args) {
    called.add(name);
    return call.apply(this, args);
  };
}

function isClass(value) {
  return [value, value.prototype ?? {}].some((object) => ownNames(object).length > 0);
}

function ownNames(object) {
  const ignored = typeof object === 'function' ? OF_FUNCTIONS : ['constructor'];
  return Object.getOwnPropertyNames(object).filter((name) => !ignored.includes(name));
}

module.exports = { notCalled };
