// GET /batches/HASH?dataset=...&size=...&seed=...: the images and labels of a protocol, for workers that
// have no such dataset. An operator's, as starting a search is, for a dataset may have to be downloaded.

import type { Request, RequestHandler, Response } from 'express';
import type { Service } from '../service/service.ts';
import { isAtLeast } from '../service/viewer.ts';
import { type Report, toClientError } from './errors.ts';
import { type Gate, refuse } from './gate.ts';

export interface BatchesParts {
  readonly service: Pick<Service, 'packBatch'>;
  readonly viewerOf: Gate['viewerOf'];
  readonly reportOf: (response: Response) => Report;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (text(value) === '' ? Number.NaN : Number(value));

export function batches({ service, viewerOf, reportOf }: BatchesParts): RequestHandler {
  return async (request: Request, response: Response) => {
    const { role } = viewerOf(request);
    if (!isAtLeast(role, 'operator'))
      return refuse(response, 403, `Batches take the role operator; yours is ${role}.`, {
        code: 'FORBIDDEN',
      });
    const { dataset, size, seed } = request.query;
    try {
      const packed = await service.packBatch({
        hash: text(request.params['hash']),
        dataset: text(dataset),
        size: number(size),
        seed: number(seed),
      });
      response
        .type('application/octet-stream')
        .send(Buffer.from(packed.buffer, packed.byteOffset, packed.length));
    } catch (error) {
      const { message, extensions } = toClientError(error, reportOf(response));
      const status = extensions?.['code'] === 'INTERNAL_SERVER_ERROR' ? 500 : 404;
      refuse(response, status, message, extensions);
    }
  };
}
