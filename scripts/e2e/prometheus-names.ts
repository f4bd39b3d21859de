/**
 * Names in a Prometheus that receives OTLP, by its default rules: a dot becomes an underscore, and the name ends in the
 * unit, unless the unit only says what is counted (`{token}`).
 */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes' };

/** The name of a metric, without a histogram's `_bucket`, `_sum` and `_count`, and without a counter's `_total`. */
export function prometheusMetric(metric: string, unit: string): string {
  const words = [prometheusLabel(metric)];
  if (!unit.startsWith('{') && unit !== '' && unit !== '1') words.push(UNITS[unit] ?? unit);
  return words.join('_');
}

export function prometheusLabel(attribute: string): string {
  return attribute.replace(/\W/g, '_');
}
