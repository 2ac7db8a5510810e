// Whether we hear of a run, or of the workers, in words.

import type { Connection } from '../api/listen.ts';
import { duration } from '../ui/format.ts';
import { Notice } from '../ui/ui.tsx';

const CONNECTION: { readonly [K in Connection['state']]: (c: Extract<Connection, { state: K }>) => string } =
  {
    connecting: () => 'connecting',
    live: () => 'live',
    lost: ({ retryIn }) => `lost, again in ${retryIn < 1 ? 'a moment' : duration(retryIn)}`,
    ended: () => 'complete',
    refused: ({ message }) => message,
  };

export const sayConnection = (connection: Connection): string =>
  (CONNECTION[connection.state] as (c: Connection) => string)(connection);

/** What the reader should know of it. */
export function Heard({ connection }: { readonly connection: Connection }) {
  if (connection.state === 'refused') return <Notice tone="bad">{connection.message}</Notice>;
  if (connection.state !== 'lost') return null;
  return (
    <Notice tone="warn">
      {connection.message ??
        'The connection to the service is lost. What it says meanwhile is fetched once it is back.'}
    </Notice>
  );
}
