// The weights of the best epoch to take away: as a file, and by the command that writes them for other tools.

import { useState } from 'react';
import { credentials, currentKey } from '../api/key.ts';
import { share } from '../trainings/estimate.ts';
import { Copied } from '../ui/copied.tsx';
import { count } from '../ui/format.ts';
import { save } from '../ui/save.ts';
import { Card, Choice, Facts, Notice, styles as ui } from '../ui/ui.tsx';
import { exportCommand, FORMATS, type Format, runOf } from './exportCommand.ts';
import type { Found } from './training.tsx';
import styles from './training.module.css';

/** With the key this page goes by, which a link cannot carry. */
async function fetchWeights(path: string): Promise<string | null> {
  try {
    const response = await fetch(path, { headers: credentials() });
    if (!response.ok) {
      const answer = (await response.json().catch(() => null)) as {
        readonly errors?: readonly { readonly message: string }[];
      } | null;
      return answer?.errors?.[0]?.message ?? `The service answers ${response.status}.`;
    }
    save(path.split('/').at(-1) ?? 'weights.safetensors', await response.blob());
    return null;
  } catch {
    return 'The service does not answer. Is it running, and is this computer connected to it?';
  }
}

function Download({ path, bytes }: { readonly path: string; readonly bytes: number }) {
  const [state, setState] = useState<{ readonly busy: boolean; readonly problem: string | null }>({
    busy: false,
    problem: null,
  });
  const label = `Download the weights (${count(bytes)}B)`;
  if (currentKey() === '') {
    return (
      <a className={ui['button']} href={path} download>
        {label}
      </a>
    );
  }
  async function take(): Promise<void> {
    setState({ busy: true, problem: null });
    setState({ busy: false, problem: await fetchWeights(path) });
  }
  return (
    <>
      <button type="button" className={ui['button']} disabled={state.busy} onClick={() => void take()}>
        {state.busy ? 'Downloading' : label}
      </button>
      {state.problem !== null && <Notice tone="bad">{state.problem}</Notice>}
    </>
  );
}

export function Weights({ weights }: { readonly weights: NonNullable<Found['weights']> }) {
  const [format, setFormat] = useState<Format>('onnx');
  return (
    <Card
      title="Weights"
      className={styles['half']}
      tools={<Choice label="Export to" value={format} options={FORMATS} onChange={setFormat} />}
    >
      <div className={styles['weights']}>
        <Facts
          facts={[
            ['Of epoch', weights.epoch + 1],
            ['Validation AUC', share(weights.validationAuc)],
            ['SHA-256', <code key="sha">{weights.sha256}</code>],
          ]}
        />
        <p className="faint">
          On the machine of the service, this writes the trained network for other tools; the file below is
          safetensors:
        </p>
        <Copied label="Command" action="Copy the command" text={exportCommand(runOf(weights.path), format)}>
          <Download path={weights.path} bytes={weights.bytes} />
        </Copied>
      </div>
    </Card>
  );
}
