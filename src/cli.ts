#!/usr/bin/env node
// The `mednas` command: every subcommand is a few lines over the same parts as the service.

import { Command, CommanderError } from 'commander';
import { verifyArchive } from './cli/archive.ts';
import { runBackup, runRestore } from './cli/backup.ts';
import { runDoctor } from './cli/doctor.ts';
import { environmentHelp } from './cli/environment.ts';
import { exportFlags, runExport } from './cli/export.ts';
import { keysCommand } from './cli/keys.ts';
import { runHealth } from './cli/health.ts';
import { listDatasets, listSpaces } from './cli/lists.ts';
import { outliveStderr, print } from './cli/output.ts';
import { runScore } from './cli/score.ts';
import { runSearch, searchFlags } from './cli/search.ts';
import { listSearches } from './cli/searches.ts';
import { runTrain, trainFlags } from './cli/train.ts';
import { loadConfig } from './config.ts';
import { type ErrorCode, MedNasError } from './search/errors.ts';
import { VERSION } from './version.ts';

/** Errors that better arguments would have avoided: exit code 2. */
const BAD_USE: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'INVALID_GENOTYPE',
  'UNKNOWN_DATASET',
  'BATCH_TOO_LARGE',
  'NOT_FOUND',
  'INVALID_STATE',
  'CONFLICT',
]);

/** `writeOut` is given what commander itself has for stdout: help and version. */
function buildProgram(writeOut: (text: string) => void): Command {
  const program = new Command('mednas')
    .description('Training-free neural architecture search on medical images (MSTF-NAS)')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut })
    .showHelpAfterError('Run with --help for all options.');

  searchFlags(
    program
      .command('search')
      .description('search for architectures; progress on stderr, the Pareto front on stdout'),
  ).action(runSearch);

  program
    .command('searches')
    .description(
      'list the searches in the archive, the newest first; one that is queued, preparing or running is under way, ' +
        'or its process is gone and `mednas search --resume <id>` goes on with it',
    )
    .option('--json', 'print one JSON document')
    .action(listSearches);

  trainFlags(
    program
      .command('train')
      .description(
        'train an architecture or a baseline, by default as MedMNIST does; progress on stderr, what it measures on stdout',
      ),
  ).action(runTrain);

  program
    .command('score')
    .description(
      'score networks given as cases: genotype, seed, initChannels, inputChannels, classes, batch, size',
    )
    .requiredOption('--cases <file>', 'JSON array of cases')
    .option('--workers <number>', 'threads that score architectures')
    .option('--json', 'print one JSON document')
    .action(runScore);

  exportFlags(
    program
      .command('export')
      .description('write a network, with its weights, for the tools that use it; a model card comes along'),
  ).action(runExport);

  program
    .command('serve')
    .description('start the GraphQL service')
    .addHelpText('after', environmentHelp)
    // Imported here alone: the other commands need no GraphQL, and start faster without it.
    .action(async () => {
      const { serve } = await import('./main.ts');
      await serve(loadConfig());
    });

  program
    .command('worker')
    .description('score what services put into the queue of MEDNAS_QUEUE')
    .option('--workers <n>', 'threads that score architectures (one for each core)')
    // Imported here alone, as above.
    .action(async (flags: { readonly workers?: string }) => {
      const { runWorker } = await import('./cli/worker.ts');
      await runWorker(flags);
    });

  keysCommand(program.command('keys').description('who may use the API of the service'));

  program
    .command('backup')
    .description('write the archive to one file, also while the service runs')
    .requiredOption('--out <file>', 'a new file')
    .option('--json', 'print one JSON document')
    .action(runBackup);

  program
    .command('restore')
    .description('fill an empty archive, on SQLite or MongoDB, from a backup of either')
    .requiredOption('--from <file>', 'what `mednas backup` has written')
    .option('--merge', 'add to an archive that is not empty; what is there already must be equal')
    .option('--json', 'print one JSON document')
    .action(runRestore);

  program
    .command('archive')
    .description('look after the archive')
    .command('verify')
    .description('check that all of it is there and as it should be; exit code 1 when it is not')
    .option('--json', 'print one JSON document')
    .action(verifyArchive);

  program
    .command('datasets')
    .description('list the datasets and where they are')
    .option('--json', 'print one JSON document')
    .action(listDatasets);

  program
    .command('doctor')
    .description('say what this machine computes on, and test that it computes what it should')
    .option('--json', 'print one JSON document')
    .action(runDoctor);

  program
    .command('health')
    .description('ask the service that HOST and PORT point at whether it is ready; exit code 1 when not')
    .action(runHealth);

  program
    .command('spaces')
    .description('list the search spaces')
    .option('--json', 'print one JSON document')
    .action(listSpaces);

  return program;
}

/** The exit code of a command that failed, after telling the person why. */
function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MedNasError) {
    process.stderr.write(`mednas: ${error.message} [${error.code}]\n`);
    return BAD_USE.has(error.code) ? 2 : 1;
  }
  process.stderr.write(
    `mednas: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

async function run(): Promise<void> {
  let help = '';
  const program = buildProgram((text) => {
    help += text;
  });
  try {
    await program.parseAsync();
  } finally {
    if (help !== '') await print(help.trimEnd());
  }
}

outliveStderr();
try {
  await run();
} catch (error) {
  process.exitCode = reportFailure(error);
}
