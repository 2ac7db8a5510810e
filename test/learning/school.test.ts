import { openSchool } from '../../src/learning/school.ts';
import { openFormulaEngine } from '../support/service.ts';
import { schoolContract } from './school.contract.ts';

schoolContract('an engine of this process', async (permits) => {
  const engine = openFormulaEngine(permits);
  return { school: openSchool(engine), close: () => engine.close() };
});
