// What can be done to a run, a search or a training, by the state it is in, with what came of it.

import { type ReactNode, useState } from 'react';
import { type TypedDocumentNode, useMutation } from 'urql';
import type { SearchStatus } from '../api/generated/graphql.ts';
import { problemOf } from './problem.ts';
import { classes, Confirm, Notice, styles as ui } from './ui.tsx';

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

interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
}

/** What it is done by, and what is asked before something ends. */
export interface Kind {
  readonly mutations: Readonly<Record<Action, TypedDocumentNode<unknown, { id: string }>>>;
  readonly questions: Readonly<Record<'cancel' | 'delete', Question>>;
}

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
export function RunControls(
  props: Controlled & {
    readonly kind: Kind;
    /** More buttons. */
    readonly children?: ReactNode;
  },
): ReactNode {
  const { kind, id, status, name, onDone, children } = props;
  const [asked, setAsked] = useState<Action | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const questions: Readonly<Partial<Record<Action, Question>>> = kind.questions;
  const run = {
    pause: useMutation(kind.mutations.pause),
    resume: useMutation(kind.mutations.resume),
    cancel: useMutation(kind.mutations.cancel),
    delete: useMutation(kind.mutations.delete),
  };
  const busy = Object.values(run).some(([{ fetching }]) => fetching);
  async function perform(action: Action): Promise<void> {
    const { data, error } = await run[action][1]({ id });
    const [payload] = Object.values((data ?? {}) as Readonly<Record<string, Payload>>);
    const message = error === undefined ? (payload?.errors[0]?.message ?? null) : problemOf(error);
    setProblem(message);
    if (message === null) onDone?.(action);
  }
  const question = asked === null ? undefined : questions[asked];
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
            onClick={() => (questions[action] === undefined ? void perform(action) : setAsked(action))}
          >
            {LABELS[action]}
          </button>
        ))}
        {children}
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
