// What can be done to a training.

import { type Controlled, type Kind, RunControls } from '../ui/controls.tsx';
import { CANCEL, DELETE, PAUSE, RESUME } from './documents.ts';

const TRAINING: Kind = {
  mutations: { pause: PAUSE, resume: RESUME, cancel: CANCEL, delete: DELETE },
  questions: {
    cancel: {
      title: 'End this training early?',
      text: 'Its best weights so far stay, untested. It cannot go on afterwards.',
      action: 'End it',
    },
    delete: {
      title: 'Delete this training?',
      text: 'Its curves, its measurements and its weights are deleted. To have them again it must be trained anew.',
      action: 'Delete it',
    },
  },
};

export const Controls = (props: Controlled) => <RunControls kind={TRAINING} {...props} />;
