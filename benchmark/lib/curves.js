'use strict';

const { inRounds } = require('./rounds');

const ROUNDS = { rounds: 5, mostRounds: 0 };

/**
 * Returns a group of a case that has one side for each size, all measured in one run.
 *
 * @param {string} name of the line
 * @param {number[]} sizes
 * @param {(size: number) => import('./rounds').Side | Promise<import('./rounds').Side>} sideOf
 * @returns {Promise<import('../cases').Group>}
 */
async function curve(name, sizes, sideOf) {
  const sides = {};
  for (const size of sizes) sides[size] = await sideOf(size);
  return { name, sides: await inRounds(sides, ROUNDS) };
}

/** Returns 1, 2, 5, 10, 20, 50 and so on, up to a number. */
function upTo(most) {
  const sizes = [];
  for (let ten = 1; ten <= most; ten *= 10) sizes.push(ten, 2 * ten, 5 * ten);
  return sizes.filter((size) => size <= most);
}

/** Returns powers of a number, from one to another. */
function powers(of, from, to) {
  const sizes = [];
  for (let size = from; size <= to; size *= of) sizes.push(size);
  return sizes;
}

module.exports = { curve, powers, upTo };
