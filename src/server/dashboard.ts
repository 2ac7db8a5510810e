// The dashboard's files, as the build left them in dist/web: the same page for every address a browser asks
// for, since the page itself knows its views, and the files it is made of.

import { existsSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import express, { Router } from 'express';

/** From src/server and from dist/server alike. */
const BUILT = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Scripts, styles and connections of this origin alone: nothing is fetched from elsewhere, nothing inline runs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

const ONE_YEAR = 365 * 24 * 60 * 60;

/** Answers what browsers ask for; leaves the rest, and everything while nothing is built, to who comes next. */
export function dashboard(folder: string = BUILT): Router {
  const router = Router();
  if (!existsSync(join(folder, 'index.html'))) return router;
  const files = express.static(folder, {
    index: false,
    redirect: false,
    setHeaders(response, path) {
      // Of what is under assets/ the name tells the content.
      if (relative(folder, path).startsWith(`assets${sep}`))
        response.setHeader('Cache-Control', `public, max-age=${ONE_YEAR}, immutable`);
    },
  });
  return router
    .use((_, response, next) => {
      response.set(HEADERS);
      next();
    })
    .use(compression())
    .use(files)
    .get(/.*/, (request, response, next) => {
      response.vary('Accept');
      const forPeople = extname(request.path) === '' && request.accepts(['text', 'html']) === 'html';
      if (!forPeople) return next();
      response.set('Cache-Control', 'no-cache').sendFile('index.html', { root: folder });
    });
}
