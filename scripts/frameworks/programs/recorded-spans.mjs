// A span processor that writes its spans when the program ends, for setups that accept a span processor.

import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { writeAtEnd } from './write.cjs';

export const spans = new InMemorySpanExporter();
export const recorder = new SimpleSpanProcessor(spans);
writeAtEnd({ spans, measurements: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE) });
