import { lanesAreMade } from './prepare.ts';

await lanesAreMade();
