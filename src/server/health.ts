// What an orchestrator asks: whether to restart the process (`/livez`) and whether to send it requests
// (`/readyz`). Storage and engine are told apart.

import { type RequestHandler, type Response, Router } from 'express';
import { MedNasError } from '../search/errors.ts';
import type { Service } from '../service/service.ts';
import type { Report } from './errors.ts';

export interface HealthParts {
  readonly service: Service;
  readonly reportOf: (response: Response) => Report;
  /** Whether the service is about to end. */
  readonly isClosing: () => boolean;
}

async function outcomeOf(check: Promise<void>, report: Report): Promise<string> {
  try {
    await check;
    return 'ok';
  } catch (error) {
    report(error);
    return error instanceof MedNasError ? error.code : 'INTERNAL';
  }
}

const live: RequestHandler = (_, response) => void response.json({ status: 'alive' });

export function health(parts: HealthParts): Router {
  const { service, reportOf, isClosing } = parts;
  const ready: RequestHandler = async (_, response) => {
    const report = reportOf(response);
    const [archive, engine] = await Promise.all([
      outcomeOf(service.archive.check(), report),
      outcomeOf(service.checkEngine(), report),
    ]);
    const isWell = archive === 'ok' && engine === 'ok';
    const status = isClosing() ? 'closing' : isWell ? 'ready' : 'unavailable';
    response.status(status === 'ready' ? 200 : 503).json({ status, archive, engine });
  };
  return Router().get('/livez', live).get('/readyz', ready);
}
