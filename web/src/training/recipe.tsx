// How it is trained, and on what.

import { figure, whole } from '../ui/format.ts';
import { Card, Facts } from '../ui/ui.tsx';
import type { Found } from './training.tsx';
import styles from './training.module.css';

export function Recipe({ run }: { readonly run: Found }) {
  const { recipe, protocol, model, datasetName } = run;
  const about = protocol
    ? ([
        ['Training images', whole(protocol.trainingImages)],
        ['Image', protocol.input.join('×')],
        ['Classes', `${protocol.classes}${protocol.multiLabel ? ', several at once' : ''}`],
        ['Arithmetic', protocol.numerics],
      ] as const)
    : [];
  return (
    <Card title="Recipe" className={styles['half']}>
      <Facts
        facts={[
          ['Dataset', datasetName.split('/').at(-1)],
          ['First channels', model.initChannels],
          ['Epochs', recipe.epochs],
          ['Batch', `${recipe.batchSize} images`],
          ['Optimizer', recipe.optimizer === 'ADAM' ? 'Adam' : recipe.optimizer],
          ['Learning rate', figure(recipe.learningRate)],
          [
            'Schedule',
            recipe.milestones.length === 0
              ? 'constant'
              : `times ${figure(recipe.decay)} at ${recipe.milestones.map((at) => `${Number((100 * at).toPrecision(4))} %`).join(', ')}`,
          ],
          ['Momentum', figure(recipe.momentum)],
          ['Weight decay', figure(recipe.weightDecay)],
          ['Seed', recipe.seed],
          ...about,
        ]}
      />
    </Card>
  );
}
