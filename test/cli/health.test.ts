// `mednas health`: what a container's health check is told.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mednas } from './mednas.ts';

/** A service that answers as told; its port. */
async function withService(
  status: number,
  host: string,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' ? status : 404).end(`{"asked":"${request.url}"}`);
  }).listen(0, host);
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

const health = (port: number, host?: string) =>
  mednas(['health'], { cwd: '/', env: { PORT: String(port), ...(host !== undefined && { HOST: host }) } });

test.each([
  [200, 0],
  [503, 1],
])('a service that answers %d: its words, and code %d', async (status, code) => {
  await withService(status, '127.0.0.1', async (port) => {
    expect(await health(port)).toMatchObject({ code, stdout: '{"asked":"/readyz"}\n', stderr: '' });
  });
});

test('one that listens on every address is asked at the loopback', async () => {
  await withService(200, '0.0.0.0', async (port) => {
    expect(await health(port, '0.0.0.0')).toMatchObject({ code: 0 });
  });
});

test('where nobody listens: why, and code 1', async () => {
  let gone = 0;
  await withService(200, '127.0.0.1', async (port) => {
    gone = port;
  });
  const { code, stdout, stderr } = await health(gone);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^mednas: no answer from http://127\\.0\\.0\\.1:${gone}/readyz: .*ECONNREFUSED`, 'u'),
  );
});
