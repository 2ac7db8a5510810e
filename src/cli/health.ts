// Whether the service of this environment is ready: what a container's health check runs, as slim images
// have no curl, and what a person asks on the machine itself.

import { loadConfig } from '../config.ts';
import { print } from './output.ts';

/** Shorter than what orchestrators grant a health check, so that it says itself why it failed. */
const PATIENCE_MS = 4000;

/** Where a service that listens on every address is reached from its own machine. */
const REACHED: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function readyUrl(host: string, port: number): string {
  const reached = REACHED[host] ?? host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}/readyz`;
}

/** Exit code 1 when it is not ready, or nobody answers. */
export async function runHealth(): Promise<void> {
  const { host, port } = loadConfig();
  const url = readyUrl(host, port);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) process.exitCode = 1;
    await print(await response.text());
  } catch (error) {
    const { message, cause } = error as Error;
    process.stderr.write(
      `mednas: no answer from ${url}: ${cause instanceof Error ? cause.message : message}\n`,
    );
    process.exitCode = 1;
  }
}
