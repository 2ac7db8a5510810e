// The sets that can be asked for by name: the twelve 2-D sets of MedMNIST v2 (Yang et al. 2023, doi
// 10.5281/zenodo.10519652) at four sizes, under their official names, `breastmnist` at 28 px and
// `breastmnist_64` and so on above. URLs, MD5s and class names are the official table's.

import type { Shape } from '../search/network.ts';
import type { DatasetInfo, Task } from './dataset.ts';
import table from './medmnist2d.json' with { type: 'json' };

export interface KnownSet extends DatasetInfo {
  /** For people, e.g. `BreastMNIST (breast ultrasound)`. */
  readonly title: string;
  readonly licence: string;
  readonly url: string;
  /** Of the file, hex. */
  readonly md5: string;
  /** All images of all splits, uncompressed, in bytes; the file itself is usually smaller. */
  readonly pixelBytes: number;
}

const TITLES: Readonly<Record<keyof typeof table, string>> = {
  pathmnist: 'PathMNIST (colon pathology)',
  chestmnist: 'ChestMNIST (chest X-ray)',
  dermamnist: 'DermaMNIST (dermatoscope)',
  octmnist: 'OCTMNIST (retinal OCT)',
  pneumoniamnist: 'PneumoniaMNIST (chest X-ray)',
  retinamnist: 'RetinaMNIST (fundus camera)',
  breastmnist: 'BreastMNIST (breast ultrasound)',
  bloodmnist: 'BloodMNIST (blood cell microscope)',
  tissuemnist: 'TissueMNIST (kidney cortex microscope)',
  organamnist: 'OrganAMNIST (abdominal CT, axial)',
  organcmnist: 'OrganCMNIST (abdominal CT, coronal)',
  organsmnist: 'OrganSMNIST (abdominal CT, sagittal)',
};

function knownSets(base: keyof typeof table): readonly KnownSet[] {
  const set = table[base];
  return Object.entries(set.files).map(([size, file]) => ({
    name: size === '28' ? base : `${base}_${size}`,
    title: TITLES[base],
    licence: set.license,
    task: set.task as Task,
    classes: Object.values(set.labels),
    shape: [Number(size), Number(size), set.channels] satisfies Shape,
    samples: set.samples,
    url: file.url,
    md5: file.md5,
    pixelBytes: file.raw_bytes,
  }));
}

/** All 48, the sizes of a set together, smallest first. */
export const MEDMNIST: readonly KnownSet[] = (Object.keys(table) as (keyof typeof table)[]).flatMap(
  knownSets,
);
