// The weights of trainings, as files to be fetched: GET /weights/<run>.safetensors, where <run> is a training's
// global id or its own. Whoever may read the API may read them. Ranges, and conditions on the ETag, which
// is the SHA-256 of the content, are `send`'s.

import { basename, dirname } from 'node:path';
import type { RequestHandler, Response } from 'express';
import { keyNamed } from '../resolvers/globalId.ts';
import type { Service } from '../service/service.ts';
import { refuse } from './gate.ts';

type WeightsFile = NonNullable<Awaited<ReturnType<Service['weightsOf']>>>;

const NAME = /^\/weights\/(?<run>[\w-]{1,200})\.safetensors$/u;

/** Sends a file whose run is known; what it cannot be sent for is the client's, or the folder's. */
function send(response: Response, run: string, { path, sha256 }: WeightsFile): void {
  response.set({
    ETag: `"${sha256}"`,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${run}.safetensors"`,
    // The next best epoch may come at any time.
    'Cache-Control': 'private, no-cache',
  });
  // By its folder: one above it may begin with a dot, which `send` would take for hidden.
  const options = { root: dirname(path), cacheControl: false, lastModified: false };
  response.sendFile(basename(path), options, (error: unknown) => {
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
}

export function weights({ weightsOf }: Pick<Service, 'weightsOf'>): RequestHandler {
  return async (request, response) => {
    const run = keyNamed('TrainingRun', NAME.exec(request.path)?.groups?.['run'] ?? '');
    const file = await weightsOf(run);
    if (file !== null) return send(response, run, file);
    refuse(response, 404, 'There is no such training, or no epoch of it is finished yet.', {
      code: 'NOT_FOUND',
    });
  };
}
