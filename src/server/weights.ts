// The weights of trainings, as files to be fetched: GET /weights/<run>.safetensors, where <run> is a training's
// global id or its own. Whoever may read the API may read them. Ranges, and conditions on the ETag, which
// is the SHA-256 of the content, are `send`'s.

import { basename, dirname } from 'node:path';
import { Router } from 'express';
import type { Service } from '../service/service.ts';
import { refuse } from './gate.ts';

const NAME = /^\/(?<run>[\w-]{1,200})\.safetensors$/u;

/** What resolvers/globalId.ts makes of a training's id; else the text itself. */
function keyOf(run: string): string {
  const [type, key] = Buffer.from(run, 'base64url').toString('latin1').split(':');
  return type === 'TrainingRun' && key !== undefined ? key : run;
}

export function weights({ weightsOf }: Pick<Service, 'weightsOf'>): Router {
  return Router().get(/.*/u, async (request, response) => {
    const run = NAME.exec(request.path)?.groups?.['run'];
    const file = run === undefined ? null : await weightsOf(keyOf(run));
    if (file === null)
      return refuse(response, 404, 'There is no such training, or no epoch of it is finished yet.', {
        code: 'NOT_FOUND',
      });
    response.set({
      ETag: `"${file.sha256}"`,
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${keyOf(run ?? '')}.safetensors"`,
      // The next best epoch may come at any time.
      'Cache-Control': 'private, no-cache',
    });
    // By its folder: one above it may begin with a dot, which `send` would take for hidden.
    const options = { root: dirname(file.path), cacheControl: false, lastModified: false };
    response.sendFile(basename(file.path), options, (error: unknown) => {
      if (!error || response.headersSent) return;
      for (const name of ['ETag', 'Content-Disposition']) response.removeHeader(name);
      const { status } = error as { readonly status?: number };
      if (status === 416) return refuse(response, 416, 'The file has no such range.');
      refuse(
        response,
        404,
        'The weights of this training are not on this machine: they are where it ran, or in a copy of its folder.',
        { code: 'NOT_FOUND' },
      );
    });
  });
}
