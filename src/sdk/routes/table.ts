import { ADMINISTRATION_ROUTES } from './administration.ts';
import { AGENT_ROUTES } from './agents.ts';
import { MODEL_ROUTES } from './models.ts';
import { RESOURCE_ROUTES } from './resources.ts';
import type { RouteRow } from './row.ts';

/**
 * Every endpoint that the majors 4 to 7 of the `openai` package call. To add one, add a row to the file of its area. An
 * endpoint without a row still gets a span with a generic name.
 */
export const ROUTE_TABLE: readonly RouteRow[] = [
  ...MODEL_ROUTES,
  ...AGENT_ROUTES,
  ...RESOURCE_ROUTES,
  ...ADMINISTRATION_ROUTES,
];
