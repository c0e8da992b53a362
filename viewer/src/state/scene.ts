import { computed } from '@preact/signals';
import { DARK, LIGHT } from '../draw/colours.ts';
import type { Scene } from '../draw/scene.ts';
import { boundAt } from './bounds.ts';
import { impossible } from './clocks.ts';
import * as page from './page.ts';
import { isDark } from './theme.ts';

export const palette = computed(() => (isDark.value ? DARK : LIGHT));

/** All that pictures of tracks depend on; undefined while no file is open. */
export const scene = computed<Scene | undefined>(() => {
  const layout = page.layout.value;
  const grown = page.grown.value;
  const rows = page.taskRows.value;
  const bounds = boundAt.value;
  return layout === undefined
    ? undefined
    : {
        layout,
        series: page.series.value,
        taskRows: rows,
        names: page.names.value,
        tasks: page.tasks.value,
        view: page.view.value,
        version: `${grown} ${rows.length} ${rows.filter(({ series }) => series !== undefined).length} ${isDark.value}`,
        palette: palette.value,
        selection: page.selection.value,
        matches: page.search.value?.lanes,
        impossible: impossible.value,
        bound: bounds,
      };
});
