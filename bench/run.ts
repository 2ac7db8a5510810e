// `npm run bench -- NAME`: benchmarks print what they measure and assert nothing.

import { Command } from 'commander';
import { study } from './study.ts';

const program = new Command('bench');

program
  .command('study')
  .description('NSGA-II against random search: final hypervolume by seed')
  .option('--seeds <n>', 'seeds', Number, 10)
  .option('--init-channels <n>', 'channels of the stem', Number, 4)
  .option('--generations <n>', 'generations of 40 after the initial 40', Number, 40)
  .option('--json', 'print one JSON document', false)
  .action(study);

await program.parseAsync();
