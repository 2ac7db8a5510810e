// What was measured of an architecture, and how that stands among what a search has scored.

import { type Measured, measuredOf } from '../measure/measured.ts';
import { indicator, MACS, PARAMS, type Quantity } from '../measure/quantity.ts';
import { figure, whole } from '../ui/format.ts';
import { Card, Facts, Notice } from '../ui/ui.tsx';
import styles from './architecture.module.css';
import type { Architecture } from './labels.ts';
import { histogramOf, placeOf, standingOf, wordsOf } from './standing.ts';
import { type Point, usePopulation } from './usePopulation.ts';

/** Of one architecture: what it is, and a word on it. */
interface Reading {
  readonly quantity: Quantity<Measured>;
  readonly note: string;
}

const brisk = (value: number): string => figure(Number(value.toPrecision(2)));
const timeOf = (seconds: number): string =>
  seconds < 0.1 ? `${brisk(seconds * 1000)} ms` : `${brisk(seconds)} s`;

const readingsOf = ({ indicators, macs, params }: Architecture): readonly Reading[] => [
  ...indicators.map(({ name, seconds }) => ({
    quantity: indicator(name),
    note: `took ${timeOf(seconds)}; larger is better`,
  })),
  { quantity: MACS, note: whole(macs) },
  { quantity: PARAMS, note: whole(params) },
];

function valueIn(quantity: Quantity<Measured>, measured: Measured): string {
  const value = quantity.of(measured);
  return value === null ? 'not finite' : quantity.show(value);
}

const BINS = 28;
const HEIGHT = 46;

function Distribution(props: {
  readonly quantity: Quantity<Measured>;
  readonly points: readonly Point[];
  readonly own: Point;
}) {
  const { quantity, points, own } = props;
  const { show } = quantity;
  const value = quantity.of(own);
  const others = points.flatMap((point) => {
    const other = quantity.of(point);
    return point.id === own.id || other === null ? [] : [other];
  });
  if (value === null) return <p className="faint">Not finite, so it stands nowhere.</p>;
  const histogram = histogramOf([...others, value], BINS);
  const most = Math.max(...histogram.counts);
  const words = wordsOf(standingOf(value, others));
  return (
    <>
      <svg width="100%" height={HEIGHT + 8} role="img" aria-label={`${quantity.label}: ${words}`}>
        {histogram.counts.map((height, bin) => (
          <rect
            // oxlint-disable-next-line react/no-array-index-key -- A bin is its place.
            key={bin}
            className={styles['bin']}
            x={`${(100 * bin) / BINS}%`}
            width={`${90 / BINS}%`}
            y={8 + HEIGHT - (height === 0 ? 0 : Math.max(2, (HEIGHT * height) / most))}
            height={height === 0 ? 0 : Math.max(2, (HEIGHT * height) / most)}
          />
        ))}
        <svg x={`${1 + 98 * placeOf(value, histogram)}%`} overflow="visible">
          <path className={styles['here']} d={`M0 8V${8 + HEIGHT}`} />
          <path className={styles['pin']} d="M-5 0H5L0 8Z" />
        </svg>
      </svg>
      <p className={styles['ends']}>
        <span>{show(histogram.min)}</span>
        <span>{show(histogram.max)}</span>
      </p>
      <p className={styles['words']}>{words}</p>
    </>
  );
}

function Compared({
  architecture,
  search,
}: {
  readonly architecture: Architecture;
  readonly search: string;
}) {
  const population = usePopulation(search);
  const own = { id: architecture.id, ...measuredOf(architecture) };
  if (population.state === 'failed') return <Notice tone="bad">{population.message}</Notice>;
  const read = population.state === 'read';
  return (
    <>
      <p className="faint" role="status">
        {read
          ? `Compared with ${population.who}.`
          : `Reading what the search has scored: ${whole(population.read)}${population.total === null ? '' : ` of ${whole(population.total)}`} …`}
      </p>
      <div className={styles['quantities']}>
        {readingsOf(architecture).map(({ quantity, note }) => (
          <div key={quantity.key}>
            <h3>{quantity.label}</h3>
            <p className={styles['value']}>{valueIn(quantity, own)}</p>
            <p className={styles['note']}>{note}</p>
            {read && <Distribution quantity={quantity} points={population.points} own={own} />}
          </div>
        ))}
      </div>
    </>
  );
}

/** `search`: null: there is none to compare with. */
export function Scores(props: { readonly architecture: Architecture; readonly search: string | null }) {
  const { architecture, search } = props;
  return (
    <Card title="Scores">
      {!architecture.feasible && (
        <p className="faint">It could not be scored, so what follows is what is known all the same.</p>
      )}
      {search === null ? (
        <>
          <Facts
            facts={readingsOf(architecture).map(({ quantity, note }) => [
              quantity.label,
              <span key={quantity.key} title={note}>
                {valueIn(quantity, measuredOf(architecture))}
              </span>,
            ])}
          />
          <p className={styles['hint']}>
            Seen in a search, it is shown among all that the search has scored.
          </p>
        </>
      ) : (
        <Compared key={search} architecture={architecture} search={search} />
      )}
    </Card>
  );
}
