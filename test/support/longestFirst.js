// Jest knows how long suites take from earlier runs; on a fresh clone it goes by the size of their files, and what
// takes minutes in few lines would run last and alone. These begin first.

import Sequencer from '@jest/test-sequencer';

const LONGEST = [
  'engine/webgpu/webgpu.test.ts',
  'web/scenarios.e2e.test.ts',
  'engine/gradients/gradients.test.ts',
  'engine/training/webgpu.test.ts',
];

const placeOf = ({ path }) => {
  const place = LONGEST.findIndex((suite) => path.endsWith(`/test/${suite}`));
  return place === -1 ? LONGEST.length : place;
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of jest's, which makes a new list
    return super.sort(tests).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
