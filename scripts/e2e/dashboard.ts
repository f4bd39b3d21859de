import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../test/support/lanes/paths.ts';

export interface Target {
  readonly datasource: { readonly type: string; readonly uid: string };
  /** A query in PromQL. */
  readonly expr?: string;
  /** A query in TraceQL. */
  readonly query?: string;
  readonly legendFormat?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
  readonly panels: readonly Panel[];
}

/** The dashboard that the example provisions. */
export function readDashboard(): Dashboard {
  const file = join(ROOT, 'examples', 'backends', 'grafana', 'dashboards', 'openai.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
}

/** All PromQL queries of the dashboard's panels, with values for Grafana's own variables. */
export function promQueries(dashboard: Dashboard): string[] {
  const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
  return targets.flatMap(({ expr }) =>
    expr === undefined
      ? []
      : [expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h').replaceAll('$model', '.*')],
  );
}

/** All TraceQL queries of the dashboard's panels. */
export function traceQueries(dashboard: Dashboard): string[] {
  return dashboard.panels.flatMap((panel) => panel.targets ?? []).flatMap(({ query }) => query ?? []);
}
