// Routes for workers, which are an operator's: who is let in, and what else is refused.

import { startTestServer } from '../support/service.ts';

type Ask = (url: string) => Promise<Response>;

/** Everybody by their role gets what it says, or not a byte of it. */
export function forOperators(ask: Ask, content: () => Promise<Uint8Array>): void {
  test.each([
    ['off', 401],
    ['reader', 403],
    ['operator', 200],
  ] as const)('for %s answers %i', async (anonymous, status) => {
    const server = await startTestServer({ server: { access: { anonymous } } });
    try {
      const response = await ask(server.url);
      expect(response.status).toBe(status);
      const body = Buffer.from(await response.arrayBuffer());
      expect(body.equals(await content())).toBe(status === 200);
    } finally {
      await server.close();
    }
  });
}

export async function expectRefused(response: Response): Promise<void> {
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: expect.any(String) } }] });
}
