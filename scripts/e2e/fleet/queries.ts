import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../../test/support/lanes/paths.ts';
import { type Dashboard, readDashboard, withVariables } from '../dashboard.ts';

/** A query in PromQL. */
export interface NamedQuery {
  /** The title of its panel, the name of its rule, or the comment before it in the docs. */
  readonly name: string;
  readonly query: string;
}

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly { readonly record?: string; readonly alert?: string; readonly expr: string }[];
  }[];
}

interface DataSources {
  readonly datasources: readonly {
    readonly jsonData: { readonly tracesToMetrics?: { readonly queries: readonly NamedQuery[] } };
  }[];
}

/** All PromQL queries of the dashboard's panels. */
export function panelQueries(variables: Readonly<Record<string, string>> = {}): NamedQuery[] {
  const { panels }: Dashboard = readDashboard();
  return panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ refId, expr }) =>
      expr === undefined ? [] : [{ name: `${title} ${refId}`, query: withVariables(expr, variables) }],
    ),
  );
}

/** The expressions of all rules, without names of recorded series. */
export function ruleQueries(): NamedQuery[] {
  const rules = readRules();
  return rules.map(({ record, alert, expr }) => ({
    name: record ?? alert ?? '',
    query: withoutRecords(expr),
  }));
}

/** The queries to which the example's data sources link from a span. */
export function linkedQueries(): NamedQuery[] {
  const file = join(ROOT, 'examples/backends/grafana/provisioning/datasources/datasources.yaml');
  const { datasources } = parse(readFileSync(file, 'utf8')) as DataSources;
  return datasources.flatMap(({ jsonData }) =>
    (jsonData.tracesToMetrics?.queries ?? []).map(({ name, query }) => ({
      name,
      query: query.replaceAll('$$__tags', ''),
    })),
  );
}

/** The queries of the documents. Each has a comment before it. */
export function documentedQueries(): NamedQuery[] {
  const documents = readdirSync(join(ROOT, 'docs')).map((name) => join(ROOT, 'docs', name));
  return [...documents.filter((file) => file.endsWith('.md')), join(ROOT, 'ops', 'README.md')].flatMap(
    (file) =>
      [...readFileSync(file, 'utf8').matchAll(/```promql\n(.*?)```/gs)].flatMap(([, block = '']) =>
        block
          .split(/^# /m)
          .slice(1)
          .map((text) => {
            const [name = '', ...lines] = text.split('\n');
            return { name, query: withoutRecords(lines.join('\n')) };
          }),
      ),
  );
}

function readRules(): RuleFile['groups'][number]['rules'] {
  const file = parse(readFileSync(join(ROOT, 'ops', 'prometheus', 'rules.yaml'), 'utf8')) as RuleFile;
  return file.groups.flatMap(({ rules }) => rules);
}

/** Replaces the names of recorded series by their expressions, so that the query needs no evaluated rules. */
function withoutRecords(query: string): string {
  return readRules().reduce(
    (text, { record, expr }) => (record === undefined ? text : text.replaceAll(record, `(${expr})`)),
    query,
  );
}
