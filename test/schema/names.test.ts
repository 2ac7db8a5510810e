import { toConstant } from '../../src/schema/names.ts';

test.each([
  ['jacobCov', 'JACOB_COV'],
  ['synflow', 'SYNFLOW'],
  ['gradNorm', 'GRAD_NORM'],
  ['nsga2', 'NSGA2'],
  ['eq5', 'EQ5'],
  ['flopsSecond', 'FLOPS_SECOND'],
  ['multi-label, binary-class', 'MULTI_LABEL_BINARY_CLASS'],
  ['INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
])('%s is %s', (name, constant) => {
  expect(toConstant(name)).toBe(constant);
});
