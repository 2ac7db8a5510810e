// Training-free indicators and what one says of an architecture.

import { Field, Float, ObjectType } from 'type-graphql';
import { INDICATOR_DESCRIPTIONS, type IndicatorName } from '../search/evaluation.ts';
import { defineEnum } from './names.ts';

export const Indicator = defineEnum<IndicatorName>(
  'Indicator',
  'A training-free indicator; larger is better.',
  INDICATOR_DESCRIPTIONS,
);

@ObjectType({ description: "One indicator's raw value." })
export class IndicatorScore {
  @Field(() => Indicator, { description: 'Which indicator.' })
  readonly name!: IndicatorName;

  @Field(() => Float, { nullable: true, description: 'Its value; null: not finite.' })
  readonly value!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Natural logarithm of the value, of indicators whose values leave the range of floats; null: not finite, or not such an indicator.',
  })
  readonly log!: number | null;

  @Field(() => Float, { description: 'Time spent on this indicator alone, in seconds.' })
  readonly seconds!: number;
}
