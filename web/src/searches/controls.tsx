// What can be done to a search, by the state it is in, with what came of it.

import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { useMutation } from 'urql';
import { CANCEL, DELETE, PAUSE, RESUME } from '../api/documents.ts';
import type { SearchStatus } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, Confirm, Notice, styles as ui } from '../ui/ui.tsx';

type Action = 'pause' | 'resume' | 'cancel' | 'delete';

const ACTIONS: Readonly<Record<SearchStatus, readonly Action[]>> = {
  QUEUED: ['pause', 'cancel'],
  PREPARING: ['pause', 'cancel'],
  RUNNING: ['pause', 'cancel'],
  PAUSED: ['resume', 'cancel', 'delete'],
  COMPLETED: ['delete'],
  CANCELLED: ['delete'],
  FAILED: ['delete'],
};

const LABELS: Readonly<Record<Action, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  delete: 'Delete',
};

/** Those that end something ask first. */
const QUESTIONS: Readonly<
  Partial<Record<Action, { readonly title: string; readonly text: string; readonly action: string }>>
> = {
  cancel: {
    title: 'End this search early?',
    text: 'What it has found stays. It cannot go on afterwards.',
    action: 'End it',
  },
  delete: {
    title: 'Delete this search?',
    text: 'Its populations and events are forgotten. The scores it computed stay in the archive for other searches.',
    action: 'Delete it',
  },
};

export interface Controlled {
  readonly id: string;
  readonly status: SearchStatus;
  /** What people call it. */
  readonly name: string;
  /** After it was done. */
  readonly onDone?: (action: Action) => void;
}

interface Payload {
  readonly errors: readonly { readonly message: string }[];
}

/** Buttons for what can be done, and beside them what went wrong. */
export function Controls({ id, status, name, onDone }: Controlled): ReactNode {
  const [asked, setAsked] = useState<Action | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [, navigate] = useLocation();
  const run = {
    pause: useMutation(PAUSE),
    resume: useMutation(RESUME),
    cancel: useMutation(CANCEL),
    delete: useMutation(DELETE),
  };
  const busy = Object.values(run).some(([{ fetching }]) => fetching);
  async function perform(action: Action): Promise<void> {
    const { data, error } = await run[action][1]({ id });
    const [payload] = Object.values((data ?? {}) as Readonly<Record<string, Payload>>);
    const message = error === undefined ? (payload?.errors[0]?.message ?? null) : problemOf(error);
    setProblem(message);
    if (message === null) onDone?.(action);
  }
  const question = asked === null ? undefined : QUESTIONS[asked];
  return (
    <>
      <div className={ui['actions']}>
        {ACTIONS[status].map((action) => (
          <button
            key={action}
            type="button"
            className={classes(ui['button'], action === 'delete' && ui['danger'])}
            disabled={busy}
            aria-label={`${LABELS[action]} ${name}`}
            onClick={() => (QUESTIONS[action] === undefined ? void perform(action) : setAsked(action))}
          >
            {LABELS[action]}
          </button>
        ))}
        <button
          type="button"
          className={ui['button']}
          aria-label={`Clone the settings of ${name}`}
          onClick={() => navigate(paths.start(id))}
        >
          Clone
        </button>
      </div>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      {asked !== null && question !== undefined && (
        <Confirm
          title={question.title}
          action={question.action}
          onClose={() => setAsked(null)}
          onConfirm={() => void perform(asked)}
        >
          <p>
            <strong>{name}</strong>
          </p>
          <p>{question.text}</p>
        </Confirm>
      )}
    </>
  );
}
