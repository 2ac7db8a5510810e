// Which operations the front is made of, block by block.

import { memo, useMemo } from 'react';
import { Shares } from '../plot/shares.tsx';
import { seriesColour } from '../plot/colour.ts';
import { Card } from '../ui/ui.tsx';
import { frontAt, operationShares } from './marks.ts';
import type { Shown } from './search.tsx';

const [IDENTITY, ZERO] = ['var(--faint)', 'var(--line)'];
const colourOf = (name: string, index: number): string =>
  ({ identity: IDENTITY, zero: ZERO })[name] ?? seriesColour(index);

export const Operations = memo(function Operations({ search, story, quantities, generation }: Shown) {
  const { blockLength, operations } = search.space;
  const [f1, f2] = quantities;
  const front = useMemo(() => frontAt(story, generation, f1, f2), [story.generations, generation, f1, f2]);
  const rows = useMemo(
    () =>
      operationShares(
        front.map(({ genotype }) => genotype),
        blockLength,
        operations.normal,
      ).map((counts, block) => ({
        label: `block ${block + 1}`,
        parts: counts.map((n, i) => {
          const name = operations.normal[i] ?? '';
          return { label: name, count: n, colour: colourOf(name, i) };
        }),
      })),
    [front, blockLength, operations],
  );
  return (
    <Card title="Operations on the front">
      <Shares
        label={`Share of each operation at the nodes of ${front.length} architectures, by block`}
        rows={rows}
      />
    </Card>
  );
});
