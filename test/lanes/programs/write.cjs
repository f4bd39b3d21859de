// What a program recorded, as a file that the test reads back.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * Once nothing is left to do, everything is shut down, as every program should at its end: a `NodeSDK`, or the
 * providers that a program without one has.
 */
exports.writeAtEnd = ({ spans, measurements, ...started }) => {
  const exported = keepExported(spans, (all, more) => [...all, ...more]);
  const collected = keepExported(measurements, (_, more) => more.scopeMetrics);
  process.once('beforeExit', async () => {
    for (const part of Object.values(started)) await part.shutdown();
    const metrics = collected().flatMap((scope) => scope.metrics);
    write('telemetry.json', { spans: exported().map(spanAsData), metrics });
  });
};

/** What the program itself came to. */
exports.writeResult = (result) => write('result.json', result);

function write(name, content) {
  writeFileSync(join(process.env.OUTPUT_DIRECTORY, name), JSON.stringify(content));
}

/** In-memory exporters forget at shutdown what they have; this does not. */
function keepExported(exporter, add) {
  let kept = [];
  const original = exporter.export.bind(exporter);
  exporter.export = (batch, done) => {
    kept = add(kept, batch);
    original(batch, done);
  };
  return () => kept;
}

function spanAsData(span) {
  const { name, kind, startTime, endTime, status, attributes, events, links, parentSpanContext } = span;
  const scope = span.instrumentationScope.name;
  return {
    ...{ name, kind, startTime, endTime, status, attributes, events, links, parentSpanContext, scope },
    spanContext: span.spanContext(),
  };
}
