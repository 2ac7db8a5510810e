// The genotype to take away: as text, or with its network and scores as a file.

import { Copied } from '../ui/copied.tsx';
import { save } from '../ui/save.ts';
import { Card, styles as ui } from '../ui/ui.tsx';
import { exported, fileNameOf } from './exported.ts';
import type { Architecture } from './labels.ts';

export function GenotypeCard({ architecture }: { readonly architecture: Architecture }) {
  const download = (): void =>
    save(fileNameOf(architecture), new Blob([exported(architecture)], { type: 'application/json' }));
  return (
    <Card title="Genotype">
      <Copied label="Genotype" action="Copy the genotype" text={JSON.stringify(architecture.genotype)}>
        <button type="button" className={ui['button']} onClick={download}>
          Download as JSON
        </button>
      </Copied>
    </Card>
  );
}
