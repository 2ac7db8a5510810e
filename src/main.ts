// The service as a process: parts, server, the searches it was at, and an orderly end.

import { type DestinationStream, type Logger, pino } from 'pino';
import { compose } from './compose.ts';
import type { Config } from './config.ts';
import { type RunningServer, type ServerOptions, startServer } from './server/server.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What the configuration says of who may come in, and how much they may ask for. */
function clientOptions(config: Config): Pick<ServerOptions, 'access' | 'limits'> {
  const { anonymous, hosts, jwks, jwtIssuer, jwtAudience, jwtRoleClaim, requests, subscriptions } = config;
  const tokens =
    jwks !== null && jwtIssuer !== null && jwtAudience !== null
      ? { keys: jwks, issuer: jwtIssuer, audience: jwtAudience, roleClaim: jwtRoleClaim }
      : null;
  return { access: { anonymous, names: hosts, tokens }, limits: { requests, subscriptions } };
}

/** What is kept, in bytes, of a log that cannot be written now. */
const UNWRITTEN = 2 ** 20;

/** stdout. A full disk under it would make every call that logs throw, one that ends the service among them. */
function openLog(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: true, maxLength: UNWRITTEN });
  stream.on('error', () => undefined);
  return stream;
}

/**
 * Serves until the process is told to end; resolves once it listens and searches go on.
 * @throws MedNasError when the archive cannot be opened, the port not be listened on, or nobody could come in.
 */
export async function serve(config: Config): Promise<RunningServer> {
  const { host, port, logLevel } = config;
  const logger = pino({ level: logLevel }, openLog());
  const service = await compose(config, {
    onDownload: ({ name, received, total }) =>
      logger[received === 0 ? 'info' : 'debug']({ dataset: name, received, total }, 'downloading'),
    onError: (error, search) => logger.error({ err: error, search }, 'a search failed'),
  });
  const options = { host, port, logger, ...clientOptions(config) };
  const server = await startServer(service, options).catch(async (error: unknown) => {
    await service.close();
    throw error;
  });
  const running = endOnSignal(logger, server.url, async () => {
    await server.close();
    await service.close();
  });
  try {
    // Not before the port is ours: another process that serves this archive is at these searches already.
    const recovered = await service.searches.recover();
    logger.info({ url: server.url, engine: service.engine, recovered }, `listening at ${server.url}`);
    return running;
  } catch (error) {
    await running.close();
    throw error;
  }
}

/** Closes once, by a signal or by the caller. A second signal finds no listener and ends the process at once. */
function endOnSignal(logger: Logger, url: string, finish: () => Promise<void>): RunningServer {
  let closing: Promise<void> | null = null;
  function close(): Promise<void> {
    for (const name of SIGNALS) process.off(name, onSignal);
    return (closing ??= finish());
  }
  function onSignal(signal: string): void {
    logger.info({ signal }, 'closing');
    close().then(
      () => logger.info('closed'),
      (error: unknown) => {
        logger.error({ err: error }, 'could not close');
        process.exitCode = 1;
      },
    );
  }
  for (const name of SIGNALS) process.on(name, onSignal);
  return { url, close };
}
