import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../test/support/lanes/paths.ts';

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  /** A query in PromQL. */
  readonly expr?: string;
  /** A query in TraceQL. */
  readonly query?: string;
  readonly legendFormat?: string;
  readonly interval?: string;
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
    readonly list: readonly { readonly name: string; readonly type: string }[];
  };
  readonly panels: readonly Panel[];
}

/** The dashboard that the package ships. */
export function readDashboard(): Dashboard {
  const file = join(ROOT, 'ops', 'grafana', 'openai.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
}

/** A query with values for Grafana's own variables and those of the dashboard, which are `.*` by default. */
export function withVariables(query: string, variables: Readonly<Record<string, string>> = {}): string {
  return query
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '1h')
    .replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? '.*');
}

/** All TraceQL queries of the dashboard's panels. */
export function traceQueries(dashboard: Dashboard): string[] {
  return dashboard.panels.flatMap((panel) => panel.targets ?? []).flatMap(({ query }) => query ?? []);
}
