/**
 * Names as Prometheus has them that receives OTLP, by its default rules: a dot becomes an underscore, and a name ends in
 * its unit, unless that only says what is counted (`{token}`).
 */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes' };

/** Of a metric, without the `_bucket`, `_sum` and `_count` of a histogram and the `_total` of a counter. */
export function prometheusMetric(metric: string, unit: string): string {
  const words = [prometheusLabel(metric)];
  if (!unit.startsWith('{') && unit !== '' && unit !== '1') words.push(UNITS[unit] ?? unit);
  return words.join('_');
}

export function prometheusLabel(attribute: string): string {
  return attribute.replace(/\W/g, '_');
}
