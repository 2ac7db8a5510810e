// `npm run bench -- NAME`: benchmarks print what they measure and assert nothing.

import { Command } from 'commander';
import type { IndicatorName } from '../src/search/evaluation.ts';
import { engine } from './engine.ts';
import { gradients } from './gradients.ts';
import { kernels } from './kernels.ts';
import { memory } from './memory.ts';
import { metrics } from './metrics.ts';
import { fleet } from './fleet.ts';
import { queue } from './queue.ts';
import { roofline } from './roofline.ts';
import { study } from './study.ts';
import { training } from './training.ts';

const program = new Command('bench');

const list = (text: string): readonly string[] => text.split(',');

program
  .command('study')
  .description('NSGA-II, steady and random search: final hypervolume by seed')
  .option('--seeds <n>', 'seeds', Number, 10)
  .option('--init-channels <n>', 'channels of the stem', Number, 4)
  .option('--generations <n>', 'generations of 40 after the initial 40', Number, 40)
  .option('--lanes <list>', 'of steady', (text) => list(text).map(Number), [])
  .option('--json', 'print one JSON document', false)
  .action(study);

program
  .command('engine')
  .description('seconds an architecture by indicator, batch 64, 28 px')
  .option('--init-channels <list>', 'channels of the stem', (text) => list(text).map(Number), [16, 128])
  .option('--indicators <list>', 'indicators', (text) => list(text) as IndicatorName[], [
    'jacobCov',
    'synflow',
  ])
  .option('--rounds <n>', 'rounds; the median counts', Number, 3)
  .option('--workers <n>', 'worker threads, and PyTorch threads', Number, 2)
  .option('--against-pytorch', 'time the PyTorch baseline in turns', false)
  .option('--no-kernels', 'leave out GFLOP/s of each kernel')
  .option('--json', 'print one line of JSON', false)
  .action(engine);

program
  .command('kernels')
  .description("GFLOP/s of each kernel by shape, next to tf.js's own")
  .option('--rounds <n>', 'rounds; the best counts', Number, 15)
  .option('--json', 'print one line of JSON', false)
  .action(kernels);

program
  .command('roofline')
  .description('where the time of a score goes, against what a core reaches at best')
  .option('--init-channels <list>', 'channels of the stem', (text) => list(text).map(Number), [16, 128])
  .option('--rounds <n>', 'rounds; the best counts', Number, 3)
  .option('--json', 'print one line of JSON', false)
  .action(roofline);

program
  .command('memory')
  .description(
    'resident memory of a process with one worker, over the neediest and then random architectures',
  )
  .option('--init-channels <n>', 'channels of the stem', Number, 16)
  .option('--size <n>', 'pixels a side', Number, 28)
  .option('--batch <n>', 'images; the largest batch that fits, if fewer do', Number, 64)
  .option('--indicators <list>', 'indicators', (text) => list(text) as IndicatorName[], [
    'jacobCov',
    'synflow',
  ])
  .option('--evaluations <n>', 'random architectures', Number, 0)
  .action(memory);

program
  .command('gradients')
  .description('GFLOP/s of the gradient kernels of tf.js by shape, next to those tf.js has')
  .option('--rounds <n>', 'rounds; the best counts', Number, 5)
  .option('--json', 'print one line of JSON', false)
  .action(gradients);

program
  .command('metrics')
  .description('time to measure a split, bootstrap intervals included')
  .option('--resamples <n>', 'bootstrap resamples', Number, 2000)
  .option('--rounds <n>', 'rounds; the best counts', Number, 3)
  .action(metrics);

program
  .command('training')
  .description("one thread's time for an Adam step on 128 images of 28 x 28")
  .option('--rounds <n>', 'rounds; the best counts', Number, 5)
  .option('--genotypes <n>', 'searched architectures', Number, 4)
  .action(training);

program
  .command('queue')
  .description('a search and trainings over worker processes against the same in one process')
  .option('--init-channels <n>', 'channels of the stem', Number, 16)
  .option('--workers <n>', 'processes of one thread, and threads of the one process', Number, 2)
  .option('--generations <n>', 'generations of 40 after the initial 40', Number, 5)
  .option('--epochs <n>', 'epochs of each training', Number, 5)
  .option('--rounds <n>', 'rounds, in turns; the median counts', Number, 3)
  .action(queue);

program
  .command('fleet')
  .description('up to 256 simulated workers on a real queue: evaluations a second against the ideal')
  .option('--init-channels <list>', 'channels of the stem', (text) => list(text).map(Number), [16, 128])
  .option('--workers <list>', 'workers', (text) => list(text).map(Number), [1, 4, 16, 64, 256])
  .option(
    '--offspring <list>',
    'population, and offspring a generation',
    (text) => list(text).map(Number),
    [40],
  )
  .option('--seconds <n>', 'that a measurement takes, about', Number, 10)
  .action(fleet);

await program.parseAsync();
