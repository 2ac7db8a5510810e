// A text to take away: shown, and copied at a press.

import { type ReactNode, useRef, useState } from 'react';
import styles from './copied.module.css';
import { styles as ui } from './ui.tsx';

type Outcome = 'not yet' | 'copied' | 'selected';

const FEEDBACK: Readonly<Record<Outcome, string>> = {
  'not yet': '',
  copied: 'Copied.',
  selected: 'The browser does not allow it. The text is selected: copy it by keyboard or menu.',
};

/** By the clipboard if that is allowed, else the way of old, else left to the reader. */
async function copy(text: string, field: HTMLTextAreaElement): Promise<Outcome> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    field.focus();
    field.select();
    return document.execCommand('copy') ? 'copied' : 'selected';
  }
}

/** `label`: of the text; `action`: of the button; `children`: more buttons. */
export function Copied(props: {
  readonly label: string;
  readonly action: string;
  readonly text: string;
  readonly children?: ReactNode;
}) {
  const { label, action, text, children } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<Outcome>('not yet');
  async function take(): Promise<void> {
    if (field.current !== null) setCopied(await copy(text, field.current));
  }
  return (
    <>
      <textarea ref={field} className={styles['text']} readOnly rows={2} aria-label={label} value={text} />
      <div className={ui['actions']}>
        <button type="button" className={ui['button']} onClick={() => void take()}>
          {action}
        </button>
        {children}
        <span role="status" className={styles['feedback']}>
          {FEEDBACK[copied]}
        </span>
      </div>
    </>
  );
}
