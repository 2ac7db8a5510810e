// What stands in place of something that could not be read: why, and another try.

import type { CombinedError } from 'urql';
import { problemOf } from './problem.ts';
import { State, styles as ui } from './ui.tsx';

/** `what`: with its article, as a sentence begins with it. */
export const Unread = (props: {
  readonly what: string;
  readonly error: CombinedError;
  readonly again: () => void;
}) => (
  <State title={`${props.what} cannot be read`}>
    <p>{problemOf(props.error)}</p>
    <button type="button" className={ui['button']} onClick={props.again}>
      Try again
    </button>
  </State>
);
