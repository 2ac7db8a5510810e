// What somebody has typed into a form, and what is wrong with it. Once that is drawn, the reader is taken to the
// first of it.

import { type RefObject, useEffect, useRef, useState } from 'react';
import { type Errors, fieldOf, type FormField, unreadable, type Value, type Values } from './fields.ts';

/** Names one request to start, so that asking again is harmless; also where the page has no secure origin. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join('-');

/** What the service says of an input. */
interface Refusal {
  readonly field?: string | null | undefined;
  readonly message: string;
}

export interface FormState {
  readonly form: RefObject<HTMLFormElement | null>;
  readonly values: Values;
  readonly errors: Errors;
  /** What is wrong with it as a whole; null: nothing is. */
  readonly problem: string | null;
  /** The same for as long as the values are. */
  readonly key: string;
  readonly set: (name: string, value: Value) => void;
  readonly setAll: (change: (before: Values) => Values) => void;
  /** Whether all numbers can be read; if not, the reader is told. */
  readonly check: () => boolean;
  readonly refuse: (refusals: readonly Refusal[]) => void;
}

export function useForm(fields: readonly FormField[], begin: () => Values): FormState {
  const [values, setValues] = useState(begin);
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [key, setKey] = useState(newKey);
  const [refusals, setRefusals] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    wrong?.closest('details')?.setAttribute('open', '');
    wrong?.focus();
  }, [refusals]);
  function show(at: Errors, all: string | null): void {
    setErrors(at);
    setProblem(all);
    setRefusals((n) => n + 1);
  }
  return {
    form,
    values,
    errors,
    problem,
    key,
    set(name, value) {
      setValues((before) => ({ ...before, [name]: value }));
      setErrors((before) => Object.fromEntries(Object.entries(before).filter(([at]) => at !== name)));
      setKey(newKey);
    },
    setAll(change) {
      setValues(change);
      setErrors({});
      setKey(newKey);
    },
    check() {
      const wrong = unreadable(fields, values);
      if (Object.keys(wrong).length === 0) return true;
      show(wrong, null);
      return false;
    },
    refuse(told) {
      const at = told.map(({ field, message }) => [fieldOf(fields, field), message] as const);
      show(
        Object.fromEntries(at.flatMap(([name, message]) => (name === null ? [] : [[name, message]]))),
        at.find(([name]) => name === null)?.[1] ?? null,
      );
    },
  };
}
