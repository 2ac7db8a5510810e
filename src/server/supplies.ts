// What workers get that have no such dataset: GET /batches/HASH?dataset=...&size=...&seed=..., the images and labels of
// a protocol, and GET /datasets/NAME, a dataset's file, for training. An operator's, as starting a search is, for a
// dataset may have to be downloaded.

import { basename, dirname } from 'node:path';
import type { Request, RequestHandler, Response } from 'express';
import type { Service } from '../service/service.ts';
import { isAtLeast } from '../service/viewer.ts';
import { type Report, toClientError } from './errors.ts';
import { type Gate, refuse } from './gate.ts';

export interface SuppliesParts {
  readonly service: Pick<Service, 'packBatch' | 'datasetFile'>;
  readonly viewerOf: Gate['viewerOf'];
  readonly reportOf: (response: Response) => Report;
}

export interface Supplies {
  readonly batches: RequestHandler;
  readonly datasets: RequestHandler;
}

/** What is not found may be found later: of these it is not said that there is no such thing. */
const STATUSES: Readonly<Partial<Record<string, number>>> = {
  INTERNAL_SERVER_ERROR: 500,
  DOWNLOAD_FAILED: 503,
  STORAGE_UNREACHABLE: 503,
  STORAGE_READ_ONLY: 503,
  STORAGE_FULL: 503,
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (text(value) === '' ? Number.NaN : Number(value));

export function supplies({ service, viewerOf, reportOf }: SuppliesParts): Supplies {
  const forOperators =
    (what: string, send: (request: Request, response: Response) => Promise<void>): RequestHandler =>
    async (request, response) => {
      const { role } = viewerOf(request);
      if (!isAtLeast(role, 'operator'))
        return refuse(response, 403, `${what} take the role operator; yours is ${role}.`, {
          code: 'FORBIDDEN',
        });
      try {
        await send(request, response);
      } catch (error) {
        const { message, extensions } = toClientError(error, reportOf(response));
        const status = STATUSES[String(extensions?.['code'])] ?? 404;
        if (!response.headersSent) refuse(response, status, message, extensions);
      }
    };

  return {
    batches: forOperators('Batches', async ({ params, query }, response) => {
      const packed = await service.packBatch({
        hash: text(params['hash']),
        dataset: text(query['dataset']),
        size: number(query['size']),
        seed: number(query['seed']),
      });
      response
        .type('application/octet-stream')
        .send(Buffer.from(packed.buffer, packed.byteOffset, packed.length));
    }),
    datasets: forOperators('Files of datasets', async ({ params }, response) => {
      const { path } = await service.datasetFile(text(params['name']));
      response.type('application/octet-stream').set('Cache-Control', 'private, no-cache');
      await new Promise<void>((resolve, reject) => {
        // By its folder: one above it may begin with a dot, which `send` would take for hidden.
        const options = { root: dirname(path), cacheControl: false, dotfiles: 'allow' } as const;
        response.sendFile(basename(path), options, (error: unknown) => (error ? reject(error) : resolve()));
      });
    }),
  };
}
