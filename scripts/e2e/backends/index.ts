import type { Backend } from '../backend.ts';
import { collector } from './collector.ts';
import { jaeger } from './jaeger.ts';
import { mlflow } from './mlflow.ts';
import { mockOtlpServer } from './mock-otlp-server.ts';
import { phoenix } from './phoenix.ts';
import { prometheus } from './prometheus.ts';
import { victoriaMetrics } from './victoria-metrics.ts';

/** All backends, in the order of the table. */
export const BACKENDS: readonly Backend[] = [
  mockOtlpServer,
  collector,
  jaeger,
  phoenix,
  mlflow,
  prometheus,
  victoriaMetrics,
];
