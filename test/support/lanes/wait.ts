import { expect } from 'vitest';
import { lanesAreMade } from './prepare.ts';

/** This one makes a project of its own. */
const WITHOUT_LANES = /\/examples\/next\.test\.ts$/;

if (!WITHOUT_LANES.test(expect.getState().testPath ?? '')) await lanesAreMade();
