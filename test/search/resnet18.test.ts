// ResNet-18 against what others count of it.

import { macs, params } from '../../src/search/network.ts';
import { layoutOf } from '../../src/search/parameters.ts';
import { buildResnet18 } from '../../src/search/resnet18.ts';

test.each([
  // torchvision's, and its published 1.814 GMACs.
  { input: [224, 224, 3] as const, classes: 1000, parameters: 11_689_512, products: 1_814_073_344 },
  // The variant for small images that MedMNIST's experiments train.
  { input: [32, 32, 3] as const, classes: 10, parameters: 11_173_962, products: 555_422_720 },
])('$input, $classes classes', ({ input, classes, parameters, products }) => {
  const network = buildResnet18({ input, classes, initChannels: 64 });
  expect(params(network)).toBe(parameters);
  expect(layoutOf(network).learned).toBe(parameters);
  expect(macs(network)).toBe(products);
});

test('28 x 28, one channel, two classes', () => {
  const network = buildResnet18({ input: [28, 28, 1], classes: 2, initChannels: 64 });
  expect(params(network)).toBe(11_168_706);
  expect(macs(network) / 1e9).toBeCloseTo(0.456, 3);
});
