// What can be done to a search.

import { useLocation } from 'wouter';
import { CANCEL, DELETE, PAUSE, RESUME } from '../api/documents.ts';
import { paths } from '../ui/address.ts';
import { type Controlled, type Kind, RunControls } from '../ui/controls.tsx';
import { styles as ui } from '../ui/ui.tsx';

const SEARCH: Kind = {
  mutations: { pause: PAUSE, resume: RESUME, cancel: CANCEL, delete: DELETE },
  questions: {
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
  },
};

export function Controls(props: Controlled) {
  const [, navigate] = useLocation();
  return (
    <RunControls kind={SEARCH} {...props}>
      <button
        type="button"
        className={ui['button']}
        aria-label={`Clone the settings of ${props.name}`}
        onClick={() => navigate(paths.start(props.id))}
      >
        Clone
      </button>
    </RunControls>
  );
}
