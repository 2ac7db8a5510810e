// The genotype to take away: as text, or with its network and scores as a file.

import { useRef, useState } from 'react';
import { Card, styles as ui } from '../ui/ui.tsx';
import styles from './architecture.module.css';
import { exported, fileNameOf } from './exported.ts';
import type { Architecture } from './labels.ts';

type Copied = 'not yet' | 'copied' | 'selected';

const FEEDBACK: Readonly<Record<Copied, string>> = {
  'not yet': '',
  copied: 'Copied.',
  selected: 'The browser does not allow it. The text is selected: copy it by keyboard or menu.',
};

/** By the clipboard if that is allowed, else the way of old, else left to the reader. */
async function copy(text: string, field: HTMLTextAreaElement): Promise<Copied> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    field.focus();
    field.select();
    return document.execCommand('copy') ? 'copied' : 'selected';
  }
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this task.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function GenotypeCard({ architecture }: { readonly architecture: Architecture }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<Copied>('not yet');
  const text = JSON.stringify(architecture.genotype);
  async function take(): Promise<void> {
    if (field.current !== null) setCopied(await copy(text, field.current));
  }
  return (
    <Card title="Genotype">
      <textarea
        ref={field}
        className={styles['genotype']}
        readOnly
        rows={2}
        aria-label="Genotype"
        value={text}
      />
      <div className={ui['actions']}>
        <button type="button" className={ui['button']} onClick={() => void take()}>
          Copy the genotype
        </button>
        <button
          type="button"
          className={ui['button']}
          onClick={() => save(fileNameOf(architecture), exported(architecture))}
        >
          Download as JSON
        </button>
        <span role="status" className={styles['feedback']}>
          {FEEDBACK[copied]}
        </span>
      </div>
    </Card>
  );
}
