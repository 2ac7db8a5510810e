// The service as a process: parts, server, the searches it was at, and an orderly end.

import { compose } from './compose.ts';
import type { Config } from './config.ts';
import { endOnSignal } from './ending.ts';
import { openLogger } from './server/log.ts';
import { type RunningServer, type ServerOptions, startServer } from './server/server.ts';

/** What the configuration says of who may come in, and how much they may ask for. */
function clientOptions(config: Config): Pick<ServerOptions, 'access' | 'limits'> {
  const { anonymous, hosts, jwks, jwtIssuer, jwtAudience, jwtRoleClaim, requests, subscriptions } = config;
  const tokens =
    jwks !== null && jwtIssuer !== null && jwtAudience !== null
      ? { keys: jwks, issuer: jwtIssuer, audience: jwtAudience, roleClaim: jwtRoleClaim }
      : null;
  return { access: { anonymous, names: hosts, tokens }, limits: { requests, subscriptions } };
}

/**
 * Serves until the process is told to end; resolves once it listens and what was under way goes on.
 * @throws MedNasError when the archive cannot be opened, the port not be listened on, or nobody could come in.
 */
export async function serve(config: Config): Promise<Pick<RunningServer, 'url' | 'close'>> {
  const { host, port, logLevel } = config;
  const graceMs = config.grace * 1000;
  const logger = openLogger(logLevel);
  const service = await compose(config, {
    onDownload: ({ name, received, total }) =>
      logger[received === 0 ? 'info' : 'debug']({ dataset: name, received, total }, 'downloading'),
    onBus: (change) =>
      change.isUp
        ? logger.info('wake-ups travel over Redis')
        : logger.warn({ reason: change.reason }, 'Redis is away: events of other processes are polled for'),
    onQueue: (error) => logger.warn({ err: error }, 'the queue has trouble'),
    onError: (error, run) => logger.error({ err: error, run }, 'a search or training failed'),
  });
  const options = {
    host,
    port,
    logger,
    graceMs: graceMs / 4,
    tracesTo: config.tracesTo,
    ...clientOptions(config),
  };
  const server = await startServer(service, options).catch(async (error: unknown) => {
    await service.close();
    throw error;
  });
  const { close } = endOnSignal(logger, graceMs, [
    [
      'searches and trainings',
      0.5,
      async () => {
        server.unready();
        await Promise.all([service.searches.close(), service.trainings.close()]);
      },
    ],
    ['server', 0.3, server.close],
    ['service', 0.2, () => service.close()],
  ]);
  try {
    // Not before the port is ours: another process that serves this archive is at these already.
    const recovered = await service.searches.recover();
    const trainings = await service.trainings.recover();
    const { url } = server;
    logger.info({ url, engine: service.engine, recovered, trainings }, `listening at ${url}`);
    return { url: server.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
