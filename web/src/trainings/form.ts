// The form that trains a network: what is trained is known where it stands, so its fields are the recipe's, the
// dataset and the channels.

import { fieldsOf, named } from '../form/fields.ts';

const SUBJECT: ReadonlySet<string> = new Set(['architecture', 'baseline', 'genotype', 'space']);
export const FIELDS = fieldsOf('TrainArchitectureInput').filter(({ name }) => !SUBJECT.has(name));

/** What most people set, in this order; the rest is one click away. */
const FOREMOST = ['dataset', 'initChannels', 'epochs', 'batchSize', 'learningRate', 'seed'];
export const foremost = named(FIELDS, FOREMOST);
export const further = FIELDS.filter(({ name }) => !FOREMOST.includes(name));
