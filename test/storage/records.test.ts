// Lists walk an index in the order that is asked for: they neither read a whole table nor sort it.

import { DatabaseSync } from 'node:sqlite';
import { INDICATORS } from '../../src/search/evaluation.ts';
import type { Query } from '../../src/storage/documents.ts';
import { ARCHITECTURES, INDIVIDUALS, pathOf, SEARCHES } from '../../src/storage/records.ts';
import { toSchema, toSql } from '../../src/storage/sql.ts';

const database = new DatabaseSync(':memory:');
for (const collection of [ARCHITECTURES, INDIVIDUALS, SEARCHES]) database.exec(toSchema(collection));
afterAll(() => database.close());

const planOf = (name: string, query: Query): readonly string[] => {
  const { sql, values } = toSql(query);
  const rows = database
    .prepare(`EXPLAIN QUERY PLAN SELECT id, body FROM "${name}" WHERE ${sql}`)
    .all(...values);
  // Values are read from JSON, a scan of one row each.
  return rows.map(({ detail }) => String(detail)).filter((step) => !/json_each|SUBQUERY/.test(step));
};

const ORDERS = (['macs', 'params', ...INDICATORS] as const).flatMap((by) =>
  (['asc', 'desc'] as const).map((direction) => [by, direction] as const),
);

test.each(ORDERS)('scores by %s, %s', (by, direction) => {
  const order = [[pathOf(by), direction]] as const;
  const after = { values: [3], id: 'x' };
  const where = [['search', 'eq', 'x']] as const;
  for (const position of [{}, { after }]) {
    for (const plan of [
      planOf('architectures', { order, limit: 51, ...position }),
      planOf('individuals', { where, order, limit: 51, ...position }),
    ]) {
      expect(plan).toHaveLength(1);
      expect(plan[0]).toContain(`USING INDEX`);
      expect(plan[0]).toContain(pathOf(by));
    }
  }
});

test('searches by the time they began', () => {
  const [step, ...more] = planOf('searches', { order: [['createdAt', 'desc']], limit: 51 });
  expect(step).toContain('USING INDEX');
  expect(more).toEqual([]);
});
