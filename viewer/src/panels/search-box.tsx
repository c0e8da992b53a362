import { useEffect, useRef } from 'preact/hooks';
import { searchWanted } from '../state/commands.ts';
import { countText } from '../state/exact.ts';
import { find, matchNumber, nextMatch } from '../state/matches.ts';
import * as page from '../state/page.ts';
import { Icon } from './icon.tsx';

/** trace-cmd's filter grammar; Enter searches, and again goes to the next match. */
export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const stop = searchWanted.subscribe((count) => {
      if (count > 0) {
        input.current?.focus();
        input.current?.select();
      }
    });
    return stop;
  }, []);
  const found = page.search.value;
  const error = page.searchError.value;
  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        aria-label="Search, in trace-cmd's filter grammar"
        aria-invalid={error !== undefined}
        aria-describedby="search-state"
        placeholder="Search: sched_switch: next_pid == 42"
        spellcheck={false}
        autocomplete="off"
        data-testid="search"
        value={page.searchText.value}
        disabled={page.layout.value === undefined}
        onInput={(event) => {
          page.searchText.value = event.currentTarget.value;
          page.searchError.value = undefined;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') search(page.searchText.value, event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') input.current?.blur();
        }}
      />
      <span
        id="search-state"
        class={error === undefined ? 'faint' : 'error search-error'}
        role="status"
        data-testid="search-state"
      >
        {error ?? (found === undefined ? '' : matchText(found.total))}
      </span>
      {found !== undefined && (
        <>
          <button
            type="button"
            class="icon"
            aria-label="Previous match"
            title="Previous match (N)"
            onClick={() => nextMatch(-1)}
          >
            <Icon name="up" />
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Next match"
            title="Next match (n)"
            onClick={() => nextMatch(1)}
          >
            <Icon name="down" />
          </button>
          <button
            type="button"
            class="icon"
            aria-label="End the search"
            title="End the search"
            onClick={() => void find('')}
          >
            <Icon name="close" />
          </button>
        </>
      )}
    </search>
  );
}

function search(filter: string, direction: 1 | -1): void {
  if (page.search.value?.filter === filter && page.searchError.value === undefined) nextMatch(direction);
  else void find(filter);
}

function matchText(total: number): string {
  const number = matchNumber();
  if (total === 0) return 'no event';
  return number === 0 ? `${countText(total)} events` : `${countText(number)} of ${countText(total)}`;
}
