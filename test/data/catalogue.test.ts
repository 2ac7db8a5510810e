import { readFile } from 'node:fs/promises';
import { MEDMNIST } from '../../src/data/catalogue.ts';

const byName = new Map(MEDMNIST.map((set) => [set.name, set]));

test('twelve sets at four sizes under their official names', () => {
  expect(MEDMNIST).toHaveLength(48);
  expect(byName.size).toBe(48);
  const bases = [...byName.keys()].filter((name) => !name.includes('_'));
  expect(bases.toSorted()).toEqual(
    [
      'blood',
      'breast',
      'chest',
      'derma',
      'oct',
      'organa',
      'organc',
      'organs',
      'path',
      'pneumonia',
      'retina',
      'tissue',
    ].map((name) => `${name}mnist`),
  );
  for (const base of bases)
    for (const size of [64, 128, 224]) expect(byName.has(`${base}_${size}`)).toBe(true);
});

test('one set in full', () => {
  expect(byName.get('breastmnist_64')).toEqual({
    name: 'breastmnist_64',
    title: 'BreastMNIST (breast ultrasound)',
    licence: 'CC BY 4.0',
    task: 'binary-class',
    classes: ['malignant', 'normal, benign'],
    shape: [64, 64, 1],
    samples: { train: 546, val: 78, test: 156 },
    url: 'https://zenodo.org/records/10519652/files/breastmnist_64.npz?download=1',
    md5: '742edef2a1fd1524b2efff4bd7ba9364',
    pixelBytes: 780 * 64 * 64,
  });
});

test.each([
  ['chestmnist', 'multi-label, binary-class', 14, [28, 28, 1]],
  ['retinamnist_224', 'ordinal-regression', 5, [224, 224, 3]],
  ['bloodmnist_128', 'multi-class', 8, [128, 128, 3]],
  ['organsmnist', 'multi-class', 11, [28, 28, 1]],
  ['tissuemnist_64', 'multi-class', 8, [64, 64, 1]],
])('%s', (name, task, classes, shape) => {
  expect(byName.get(name)).toMatchObject({ task, shape, classes: { length: classes } });
});

test('classes stand in the order of their labels, commas within one and all', () => {
  expect(byName.get('retinamnist')?.classes).toEqual(['0', '1', '2', '3', '4']);
  expect(byName.get('organamnist')?.classes.at(-1)).toBe('spleen');
  expect(byName.get('bloodmnist')?.classes[3]).toBe(
    'immature granulocytes(myelocytes, metamyelocytes and promyelocytes)',
  );
});

test('DermaMNIST is the one that may not be used commercially', () => {
  const noncommercial = MEDMNIST.filter(({ licence }) => licence !== 'CC BY 4.0');
  expect(noncommercial.map(({ name, licence }) => [name, licence])).toEqual(
    ['', '_64', '_128', '_224'].map((size) => [`dermamnist${size}`, 'CC BY-NC 4.0']),
  );
});

test.each(MEDMNIST)('$name adds up', ({ name, shape, samples, pixelBytes, url, md5, task, classes }) => {
  const [height, width, channels] = shape;
  expect(pixelBytes).toBe((samples.train + samples.val + samples.test) * height * width * channels);
  expect(url).toBe(`https://zenodo.org/records/10519652/files/${name}.npz?download=1`);
  expect(md5).toMatch(/^[0-9a-f]{32}$/);
  expect(classes.length === 2).toBe(task === 'binary-class');
});

test('the notice beside the bundled set names its sum, licence and source', async () => {
  const notice = await readFile(new URL('../../data/NOTICE.md', import.meta.url), 'utf8');
  for (const word of [
    byName.get('breastmnist')?.md5 ?? '?',
    'CC BY 4.0',
    '10.5281/zenodo.10519652',
    'Al-Dhabyani',
    'Yang',
  ])
    expect(notice).toContain(word);
});
