import type { VNode } from 'preact';
import { costOf, formatMilliseconds, grouped, totalTokens } from '../amounts.ts';
import type { CallTotals } from '../totals.ts';
import { addedUsage, NOTHING_USED } from '../usage.ts';
import { setFilter, showTotals } from './actions.ts';
import { address } from './address.ts';
import { FactList } from './overview.tsx';
import { listedEntries, totals } from './state.ts';
import { Headings } from './voice.tsx';

/** What the listed traces used, and their calls by model and tool. */
export function TotalsView(): VNode {
  const { value: entries } = listedEntries;
  const calls = totals.value ?? [];
  const used = entries.reduce(addedUsage, NOTHING_USED);
  return (
    <section class="overview" aria-label="Totals">
      <div class="title">
        <h2>Totals</h2>
        <button type="button" onClick={() => showTotals(false)}>
          Close totals
        </button>
      </div>
      <FactList
        facts={[
          [address.value.kind === 'trace' ? 'Traces' : 'Conversations', grouped(entries.length)],
          ['Cost', costOf(used.cost, used.unpriced)],
          ['Tokens', totalTokens(used)?.replace(' tokens', '')],
          ['Errors', grouped(entries.reduce((sum, { errors }) => sum + errors, 0))],
        ]}
      />
      {calls.length > 0 && <CallTable calls={calls} />}
    </section>
  );
}

function CallTable({ calls }: { readonly calls: readonly CallTotals[] }): VNode {
  const longest = Math.max(...calls.map(({ p95 }) => p95), 1e-3);
  return (
    <table class="amounts totals">
      <Headings
        names={['Model or tool', 'Calls', 'Errors', 'Tokens', 'Cost', 'p50', 'p95', 'Latency, p50 to p95']}
      />
      {calls.map((each) => (
        <tr key={`${each.kind} ${each.name}`} style={{ '--type': `var(--${each.kind})` }}>
          <th scope="row">
            <button
              type="button"
              class="link"
              onClick={() => setFilter({ words: `${each.kind}:"${each.name}"` })}
            >
              {each.name}
            </button>
          </th>
          <td>{grouped(each.calls)}</td>
          <td class={each.errors > 0 ? 'failure' : ''}>{grouped(each.errors)}</td>
          <td>{totalTokens(each)?.replace(' tokens', '')}</td>
          <td>{costOf(each.cost, each.unpriced)}</td>
          <td>{formatMilliseconds(each.median)}</td>
          <td>{formatMilliseconds(each.p95)}</td>
          <td class="latency">
            <span class="track">
              <span class="bar" style={{ left: 0, width: `${(each.median / longest) * 100}%` }} />
              <span
                class="bar rest"
                style={{
                  left: `${(each.median / longest) * 100}%`,
                  width: `${((each.p95 - each.median) / longest) * 100}%`,
                }}
              />
            </span>
          </td>
        </tr>
      ))}
    </table>
  );
}
