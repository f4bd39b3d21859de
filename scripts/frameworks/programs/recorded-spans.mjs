// A span processor for setups that take one, whose spans are written when the program ends.

import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { writeAtEnd } from './write.cjs';

export const spans = new InMemorySpanExporter();
export const recorder = new SimpleSpanProcessor(spans);
writeAtEnd({ spans, measurements: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE) });
