'use strict';

/** @typedef {{ file: string, module: string[], code: string }} Source */
/** @typedef {{ path: string[], from: string[], line: number, isReexport: boolean }} Import */

/**
 * Returns the circles of imports between the files of src/: one uses another that, directly or through
 * others, uses the first. A re-export (`pub use`) is no use: who imports that name depends on the file
 * that defines it.
 *
 * @param {Source[]} sources their comments, strings and inline modules blanked
 * @returns {{ file: string, line: number, message: string }[]}
 */
function importCircles(sources) {
  const byModule = new Map(sources.map((source) => [key(source.module), source]));
  const imports = new Map(sources.map((source) => [source, importsOf(source)]));
  const uses = new Map(sources.map((source) => [source, new Map()]));
  for (const [source, all] of imports) {
    for (const { path, line, isReexport } of [...all, ...importsFromChildren(source, byModule)]) {
      const used = resolve(path, byModule, imports);
      if (!used || used === source || isReexport) continue;
      if (!uses.get(source).has(used)) uses.get(source).set(used, line);
    }
  }
  return circles(uses).map((circle) => ({
    file: circle[0].file,
    line: uses.get(circle[0]).get(circle[1]),
    message: `a circle of imports: ${circle.map(({ file }) => file).join(' -> ')}`,
  }));
}

/** Returns the paths that begin with `crate`, `self` or `super`, and those of `use child::Name`. */
function importsOf({ module, code }) {
  const found = [];
  for (const match of code.matchAll(/\b(crate|self|(?:super\s*::\s*)*super)\s*::\s*/g)) {
    const before = code.slice(0, match.index);
    const statement = /(?:^|[;{}])\s*(pub(?:\([^)]*\))?\s+)?use\s+$/.exec(before);
    const line = before.split('\n').length;
    const start = match.index + match[0].length;
    for (const path of pathsAt(code, start)) {
      found.push({
        path: [...rootOf(match[1], module), ...path],
        line,
        isReexport: !!statement?.[1],
      });
    }
  }
  // `use child::Name` and `pub use child::Name`.
  for (const match of code.matchAll(/^(pub(?:\([^)]*\))?\s+)?use\s+(?!crate\b|self\b|super\b)/gm)) {
    const line = code.slice(0, match.index).split('\n').length;
    for (const path of pathsAt(code, match.index + match[0].length)) {
      found.push({ path: [...module, ...path], line, isReexport: !!match[1] });
    }
  }
  return found;
}

/** Returns the paths, outside of `use`, that begin with the name of a child module. */
function importsFromChildren({ module, code }, byModule) {
  return [...code.matchAll(/(?<![\w:]|::\s)(\w+)\s*::\s*(\w+)/g)]
    .filter(([, child]) => byModule.has(key([...module, child])))
    .filter(({ index }) => !/\buse\s+$/.test(code.slice(0, index)))
    .map(({ 1: child, 2: name, index }) => ({
      path: [...module, child, name],
      line: code.slice(0, index).split('\n').length,
      isReexport: false,
    }));
}

/** Returns the module that `crate`, `self` or `super::super` stands for in a module. */
function rootOf(word, module) {
  if (word === 'crate') return [];
  if (word === 'self') return module;
  return module.slice(0, module.length - word.split('::').length);
}

/** Returns the paths of `a::b::{c, d::e}`, each as its names. */
function pathsAt(code, start) {
  let at = start;
  const names = [];
  for (;;) {
    const gap = /^\s*/.exec(code.slice(at))[0].length;
    at += gap;
    if (code[at] === '{')
      return branches(code, at).flatMap((rest) => rest.map((r) => [...names, ...r]));
    const name = /^(\w+|\*)/.exec(code.slice(at))?.[0];
    if (!name) return [names];
    names.push(name);
    at += name.length;
    const next = /^\s*::\s*/.exec(code.slice(at));
    if (!next) return [names];
    at += next[0].length;
  }
}

/** Returns the paths in a `{...}` group, which may nest. */
function branches(code, open) {
  const found = [];
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return found;
    if (depth === 1 && '{,'.includes(code[at]) && /^\s*[\w*]/.test(code.slice(at + 1))) {
      found.push(pathsAt(code, at + 1));
    }
  }
  return found;
}

/** Returns the file that defines the item at a path, re-exports followed. */
function resolve(path, byModule, imports, hops = 0) {
  for (let length = path.length; length >= 0; length--) {
    const source = byModule.get(key(path.slice(0, length)));
    if (!source) continue;
    const name = path[length];
    if (name === undefined || hops > 8) return source;
    const reexport = imports
      .get(source)
      .find((found) => found.isReexport && found.path.at(-1) === name && found.path.length > 1);
    const target = reexport && resolve(reexport.path, byModule, imports, hops + 1);
    return target ?? source;
  }
  return undefined;
}

/** One circle of each group of files that reach each other; the first file stands at its end again. */
function circles(uses) {
  const found = [];
  const done = new Set();
  for (const start of uses.keys()) {
    if (done.has(start)) continue;
    const back = shortestWayBack(start, uses);
    if (!back) continue;
    back.forEach((source) => done.add(source));
    found.push(back);
  }
  return found;
}

function shortestWayBack(start, uses) {
  const queue = [[start]];
  const seen = new Set();
  for (const way of queue) {
    for (const next of uses.get(way.at(-1)).keys()) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...way, next]);
    }
  }
  return undefined;
}

function key(module) {
  return module.join('::');
}

module.exports = { importCircles };
