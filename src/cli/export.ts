// `mednas export`: a network, with its weights, as files of other tools.

import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { modelId, modelTitle, weightsHash, weightsInWords } from '../export/facts.ts';
import { filesOf, FORMAT_NAMES, FORMATS, type FormatName } from '../export/formats.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { macs, params } from '../search/network.ts';
import { type Named, subjectOf } from './exported.ts';
import { print } from './output.ts';
import { placeFiles, placeFor } from './place.ts';
import { table } from './report.ts';

const formats = FORMAT_NAMES.map((name) => `${name} (${FORMATS[name].title})`).join(', ');

export const exportFlags = (command: Command): Command =>
  command
    .option(
      '--genotype <genes>',
      'integers with commas or spaces between them; its weights are the initial ones',
    )
    .option('--architecture <id>', 'a scored architecture of the archive; its weights are the initial ones')
    .option('--run <id>', 'a training of the archive, with the weights of its best epoch')
    .requiredOption('--format <name>', formats)
    .requiredOption('--out <path>', "a file that ends as the format's do, or a folder")
    .option('--input-size <n>', 'pixels of a side of an image (28)')
    .option('--input-channels <n>', 'channels of an image (1)')
    .option('--classes <n>', 'outputs (2)')
    .option('--init-channels <n>', 'channels of the stem, a multiple of 4 (16)')
    .option('--seed <n>', 'seeds the initial weights (0)')
    .option('--force', 'write over files that are there')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nOf an architecture of the archive, sizes and seed are those it was scored with, unless given.',
    );

interface Flags extends Named {
  readonly format: string;
  readonly out: string;
  readonly force?: boolean;
  readonly json?: true;
}

function formatOf(given: string): FormatName {
  const found = FORMAT_NAMES.find((name) => name === given);
  if (found !== undefined) return found;
  throw new MedNasError(
    'INVALID_ARGUMENT',
    `--format is one of ${FORMAT_NAMES.join(', ')}; got ${shown(given)}.`,
    { field: 'format' },
  );
}

export async function runExport({ format: given, out, force = false, json, ...named }: Flags): Promise<void> {
  const format = formatOf(given);
  const place = await placeFor(out, FORMATS[format].extension);
  const subject = await subjectOf(place.name, named, loadConfig());
  const files = await placeFiles(place, filesOf(format, subject), force);
  const { model, network, input, classes } = subject;
  if (json) {
    const report = {
      format,
      model: { ...model, id: modelId(model) },
      input,
      classes,
      macs: macs(network),
      params: params(network),
      weights: { origin: weightsInWords(subject), sha256: weightsHash(subject) },
      files,
    };
    await print(JSON.stringify(report));
    return;
  }
  await print(
    [
      `${modelTitle(model)}, weights: ${weightsInWords(subject)}`,
      table([['file', 'bytes', 'SHA-256'], ...files.map(({ path, bytes, sha256 }) => [path, bytes, sha256])]),
    ].join('\n'),
  );
}
