// What was measured of an architecture, and how that stands among what a search has scored.

import { count, figure, INDICATORS, whole } from '../ui/format.ts';
import { Card, Facts, Notice } from '../ui/ui.tsx';
import styles from './architecture.module.css';
import { type Architecture, valueOf } from './labels.ts';
import { histogramOf, placeOf, standingOf, wordsOf } from './standing.ts';
import { type Point, usePopulation } from './usePopulation.ts';

interface Quantity {
  readonly name: string;
  readonly note: string;
  readonly value: number | null;
  readonly show: (value: number) => string;
  readonly of: (point: Point) => number | null | undefined;
}

const brisk = (value: number): string => figure(Number(value.toPrecision(2)));

const quantitiesOf = ({ indicators, macs, params }: Architecture): readonly Quantity[] => [
  ...indicators.map((score) => ({
    name: INDICATORS[score.name].label,
    note: `took ${score.seconds < 0.1 ? `${brisk(score.seconds * 1000)} ms` : `${brisk(score.seconds)} s`}; larger is better`,
    value: valueOf(score),
    show: figure,
    of: ({ values }: Point) => values[score.name],
  })),
  { name: 'MACs', note: whole(macs), value: macs, show: count, of: (point) => point.macs },
  { name: 'Parameters', note: whole(params), value: params, show: count, of: (point) => point.params },
];

const BINS = 28;
const HEIGHT = 46;

function Distribution(props: {
  readonly quantity: Quantity;
  readonly points: readonly Point[];
  readonly id: string;
}) {
  const { quantity, points, id } = props;
  const { value, show, of } = quantity;
  const others = points.flatMap((point) => {
    const other = of(point);
    return point.id === id || other === null || other === undefined ? [] : [other];
  });
  if (value === null) return <p className="faint">Not finite, so it stands nowhere.</p>;
  const histogram = histogramOf([...others, value], BINS);
  const most = Math.max(...histogram.counts);
  const words = wordsOf(standingOf(value, others));
  return (
    <>
      <svg width="100%" height={HEIGHT + 8} role="img" aria-label={`${quantity.name}: ${words}`}>
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
        {quantitiesOf(architecture).map((quantity) => (
          <div key={quantity.name}>
            <Measured quantity={quantity} />
            {read && <Distribution quantity={quantity} points={population.points} id={architecture.id} />}
          </div>
        ))}
      </div>
    </>
  );
}

function Measured({ quantity: { name, note, value, show } }: { readonly quantity: Quantity }) {
  return (
    <>
      <h3>{name}</h3>
      <p className={styles['value']}>{value === null ? 'not finite' : show(value)}</p>
      <p className={styles['note']}>{note}</p>
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
            facts={quantitiesOf(architecture).map(({ name, note, value, show }) => [
              name,
              <span key={name} title={note}>
                {value === null ? 'not finite' : show(value)}
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
