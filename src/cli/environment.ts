// The variables of the environment, for help.

import type { Command } from 'commander';
import { VARIABLES } from '../config.ts';

/** A section of help that looks as commander's own do. */
export function environmentHelp({ command }: { readonly command: Command }): string {
  const help = command.createHelp();
  const variables = Object.values(VARIABLES);
  const width = Math.max(...variables.map(({ name }) => name.length));
  const items = variables.map(({ name, description, byDefault, defaultMeans = byDefault }) =>
    help.formatItem(name, width, `${description} (${defaultMeans})`, help),
  );
  return ['', 'Environment:', ...items].join('\n');
}
