import { nearestName, nearestNames } from '../../src/data/spelling.ts';

const NAMES = ['breastmnist', 'breastmnist_64', 'pathmnist', 'octmnist'];

test.each([
  ['breastmnist', 'breastmnist'],
  ['BreastMNIST', 'breastmnist'],
  ['brestmnist', 'breastmnist'],
  ['breastmnist64', 'breastmnist_64'],
  ['breast', 'breastmnist'],
  ['pathmnsit', 'pathmnist'],
  ['imagenet', null],
  ['', null],
  ['x'.repeat(1_000_000), null],
])('nearest to %.20s', (asked, name) => {
  expect(nearestName(asked, NAMES)).toBe(name);
});

test('the nearest come first, of equally near ones the earlier', () => {
  expect(nearestNames('pathmnsit', NAMES, 2)).toEqual(['pathmnist', 'octmnist']);
  expect(nearestNames('x'.repeat(1_000_000), ['b', 'a', 'long'], 2)).toEqual(['b', 'a']);
  expect(nearestNames('x', [], 5)).toEqual([]);
});

test('of no names none is near', () => {
  expect(nearestName('x', [])).toBeNull();
});
