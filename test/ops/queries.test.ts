import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser as traceQl } from '@grafana/lezer-traceql';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDashboard, traceQueries, withVariables } from '../../scripts/e2e/dashboard.ts';
import {
  documentedQueries,
  linkedQueries,
  panelQueries,
  ruleQueries,
} from '../../scripts/e2e/fleet/queries.ts';
import { panelTruth, ruleTruth } from '../../scripts/e2e/fleet/truth.ts';
import { prometheusLabel, prometheusMetric } from '../../scripts/e2e/prometheus-names.ts';
import { codeBlocksOf } from '../docs/documents.ts';
import { registry } from '../support/conventions/registry.ts';
import { ROOT } from '../support/lanes/paths.ts';

/** What Prometheus adds to the name of an instrument. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  counter: ['_total'],
};
/** What `ops/collector/waiting-runs.yaml` adds to the package's own metrics. */
const COUNTED = { attributes: [{ name: 'gen_ai.agent.name' }] };
/** Labels of each series: the program's, and what Prometheus keeps of a histogram. */
const LABELS_OF_ALL = new Set(['job', 'instance', 'service_name', 'deployment_environment_name', 'le']);

const labels = new Map([...registry.attributes.keys()].map((name) => [prometheusLabel(name), name]));
const metrics = new Map<string, { readonly attributes: readonly { readonly name: string }[] }>([
  ...registry.metrics.flatMap((metric) => {
    const name = prometheusMetric(metric.name, metric.unit);
    return (SUFFIXES[metric.instrument] ?? ['']).map((suffix) => [`${name}${suffix}`, metric] as const);
  }),
  ['openai_runs_left_waiting_total', COUNTED],
]);
const dashboard = readDashboard();
const panels = panelQueries();
const others = [...ruleQueries(), ...linkedQueries(), ...documentedQueries()];

describe.each([...panels, ...others])('$name', ({ name, query }) => {
  test('queries metrics that are recorded, by their own labels', () => {
    const series = [...query.matchAll(/\b((?:gen_ai|openai)_\w+)(?:\{([^}]*)\})?/g)].filter(
      ([, word = '']) => !labels.has(word),
    );
    expect(series).not.toHaveLength(0);
    for (const [, metric = '', matchers = ''] of series) {
      const known = metrics.get(metric);
      expect(known, metric).toBeDefined();
      const own = new Set(known?.attributes.map((attribute) => attribute.name));
      for (const [, label = ''] of matchers.matchAll(/(\w+)(?==|!|~)/g))
        expect(LABELS_OF_ALL.has(label) || own.has(labels.get(label) ?? ''), `${label} of ${metric}`).toBe(
          true,
        );
    }
    const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
    const owned = series.flatMap(([, metric = '']) => metrics.get(metric)?.attributes.map((one) => one.name));
    for (const label of grouped)
      expect(LABELS_OF_ALL.has(label) || owned.includes(labels.get(label)), label).toBe(true);
  });

  test('has a number in the comparison with Prometheus', () => {
    expect([...panelTruth({}).keys(), ...ruleTruth().keys()]).toContain(name);
  });

  test('uses increase() only for series that are reset', () => {
    const increases = [...query.matchAll(/increase\((\w+(?:\{[^}]*\})?\[\w+\])\)/g)];
    for (const [, range = ''] of increases) expect(query).toContain(`unless resets(${range}) > 0`);
  });
});

describe('in TraceQL', () => {
  const documented = codeBlocksOf('docs/backends.md')
    .filter(({ language }) => language === 'traceql')
    .flatMap(({ code }) => code.split('\n'));

  test.each([...traceQueries(dashboard), ...documented])('queries recorded data: %s', (query) => {
    const errors: string[] = [];
    const text = withVariables(query);
    traceQl.parse(text).iterate({
      enter: ({ type, from, to }) => void (type.isError && errors.push(text.slice(from, to + 20))),
    });
    expect(errors).toEqual([]);
    const names = [...query.matchAll(/span\.([\w.]+)/g)].map(([, name]) => name);
    if (!query.includes('instrumentation:name')) expect(names).not.toHaveLength(0);
    for (const name of names) expect(registry.attributes.has(name ?? ''), name).toBe(true);
    // It sums only over spans that have what it sums.
    const summed = query.match(/sum_over_time\((span\.[\w.]+)\)/)?.[1];
    if (summed !== undefined) expect(query).toMatch(new RegExp(`\\{.*${summed} != nil.*\\}`));
  });
});

describe('the dashboard', () => {
  test('declares exactly the variables that its queries use', () => {
    const text = JSON.stringify(dashboard.panels);
    const used = [...text.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(dashboard.templating.list.map(({ name }) => name)));
  });

  test('filters every query by service and environment', () => {
    for (const { title, targets = [] } of dashboard.panels) {
      for (const { expr, query } of targets)
        for (const variable of ['$service', '$environment']) expect(expr ?? query, title).toContain(variable);
    }
  });

  test('offers lists to choose from', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['service', 'query'],
      ['environment', 'query'],
      ['model', 'query'],
      ['agent', 'query'],
      ['conversation', 'query'],
    ]);
  });

  test('asks Prometheus for steps of a minute, the interval of an export', () => {
    const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
    for (const { expr, interval } of targets) if (expr !== undefined) expect(interval).toBe('1m');
  });

  test('uses the provisioned data sources, whose interval is that of an export', () => {
    const file = join(ROOT, 'examples/backends/grafana/provisioning/datasources/datasources.yaml');
    const { datasources } = parse(readFileSync(file, 'utf8')) as {
      readonly datasources: readonly {
        readonly uid: string;
        readonly type: string;
        readonly jsonData: { readonly timeInterval?: string };
      }[];
    };
    const known = datasources.map(({ uid, type }) => ({ type, uid }));
    for (const { datasource } of dashboard.panels.flatMap(({ targets = [] }) => targets))
      expect(known).toContainEqual(datasource);
    expect(datasources[0]?.jsonData.timeInterval).toBe('60s');
  });

  test('shows cost, tokens, latency, errors and tool use, by model, agent, thread and prompt', () => {
    const text = [...panels.map(({ query }) => query), ...traceQueries(dashboard)].join('\n');
    const shown = ['cost', 'token_usage', 'duration_seconds', 'error_type', 'execute_tool', 'cache_read'];
    const by = ['gen_ai_request_model', 'gen_ai.agent.name', 'gen_ai.conversation.id', 'gen_ai_prompt_name'];
    expect([...shown, ...by].filter((name) => !text.includes(name))).toEqual([]);
  });

  test('has no overlapping panels', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

test.each(['tempo.yaml', 'tempo-2.yaml'])('%s keeps attributes whole', (file) => {
  const settings = parse(readFileSync(join(ROOT, 'ops', 'tempo', file), 'utf8'));
  // A message with content has 64 KiB by default.
  expect(settings.distributor.max_attribute_bytes).toBeGreaterThan(65_536);
});

test('Prometheus loads the rules, and has the labels by which the dashboard filters', () => {
  const { rule_files, otlp } = parse(readFileSync(join(ROOT, 'ops/prometheus/prometheus.yaml'), 'utf8'));
  expect(rule_files).toEqual(['rules.yaml']);
  expect(otlp.promote_resource_attributes.map(prometheusLabel)).toEqual([
    'service_name',
    'deployment_environment_name',
  ]);
});
