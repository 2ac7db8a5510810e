// Who the reader is to the service. One it does not know is asked for an API key before there is anything to
// see; one with a key can put it away.

import { type FormEvent, type ReactNode, useState } from 'react';
import { useQuery } from 'urql';
import { VIEWER } from './api/documents.ts';
import { currentKey, setKey } from './api/key.ts';
import { isUnknown } from './ui/problem.ts';
import { classes, State, styles as ui } from './ui/ui.tsx';
import styles from './app.module.css';

/** Everything known was answered to somebody else, so the page begins anew. */
function enter(key: string): void {
  setKey(key);
  location.reload();
}

function KeyForm() {
  const [key, set] = useState('');
  const refused = currentKey() !== '';
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (key.trim() !== '') enter(key.trim());
  }
  return (
    <State title="This service wants to know who you are">
      <p>
        Enter an API key. Whoever runs the service makes one with <code>mednas keys create</code>. It is kept
        until this tab is closed.
      </p>
      <form className={styles['entry']} onSubmit={submit}>
        <div className={ui['field']}>
          <label htmlFor="key">API key</label>
          <input
            id="key"
            type="password"
            autoComplete="off"
            value={key}
            aria-invalid={refused}
            aria-describedby="key-error"
            onChange={(event) => set(event.target.value)}
          />
          <p id="key-error" className={ui['wrong']} hidden={!refused}>
            The key given before lets nobody in: it is mistyped, expired or revoked.
          </p>
        </div>
        <button type="submit" className={classes(ui['button'], ui['primary'])}>
          Enter
        </button>
      </form>
    </State>
  );
}

/** The views, for whom the service knows. */
export function Entry({ children }: { readonly children: ReactNode }) {
  const [{ error }] = useQuery({ query: VIEWER });
  return error !== undefined && isUnknown(error) ? <KeyForm /> : children;
}

/** Who goes by a key, and the way out. */
export function Visitor() {
  const [{ data }] = useQuery({ query: VIEWER });
  if (currentKey() === '' || !data?.viewer) return null;
  const { name, role } = data.viewer;
  return (
    <button type="button" className={ui['button']} title="Put the key away" onClick={() => enter('')}>
      {name ?? 'key'} ({role.toLowerCase()}) · leave
    </button>
  );
}
